package ringattention.mutation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.mutation.PackageResult.Lines;

class MutationResultTest {
  private static final Lines ALL = new Lines(20, 20);
  private static final Equivalent LISTED =
      new Equivalent("shard.A.f", "Math", 1, "a + b", "b is 0");

  @TempDir Path folder;

  private static Mutant mutant(String status) {
    return new Mutant("shard.A.f", "Math", "return a + b;", "changed", status);
  }

  private static List<Mutant> mutants(int killed, int survived, int uncovered) {
    List<Mutant> mutants = new ArrayList<>(Collections.nCopies(killed, mutant("KILLED")));
    mutants.addAll(Collections.nCopies(survived, mutant("SURVIVED")));
    mutants.addAll(Collections.nCopies(uncovered, mutant("NO_COVERAGE")));
    return mutants;
  }

  @Test
  void sharesAreOfWhatIsCoveredAndNotListed() {
    PackageResult result = PackageResult.of("shard", mutants(18, 3, 5), List.of(LISTED), ALL);
    assertEquals(26, result.mutants());
    assertEquals(21, result.covered());
    assertEquals(1, result.excused().size(), "an entry excuses as many as it says");
    assertEquals(2, result.surviving().size());
    assertEquals(0.9, result.killedShare());
    assertTrue(result.passed());
    assertFalse(PackageResult.of("shard", mutants(18, 3, 0), List.of(), ALL).passed());
  }

  /** Packages of formulas must be tested more sharply than others. */
  @Test
  void everyPackageHasItsThreshold() {
    List<Mutant> most = mutants(17, 3, 0);
    assertFalse(PackageResult.of("validate", most, List.of(), ALL).passed());
    assertTrue(PackageResult.of("checkpoint", most, List.of(), ALL).passed());
    assertFalse(PackageResult.of("checkpoint", mutants(15, 5, 0), List.of(), ALL).passed());
  }

  @Test
  void linesCountToo() {
    List<Mutant> killed = mutants(5, 0, 0);
    assertTrue(PackageResult.of("shard", killed, List.of(), new Lines(17, 20)).passed());
    assertFalse(PackageResult.of("shard", killed, List.of(), new Lines(169, 200)).passed());
  }

  /** A test that broke down says nothing: it may have been the machine. */
  @Test
  void onlyTestsThatFailKill() {
    assertTrue(mutant("TIMED_OUT").killed() && mutant("MEMORY_ERROR").killed());
    assertFalse(mutant("RUN_ERROR").killed());
    assertEquals(
        1,
        PackageResult.of("shard", List.of(mutant("RUN_ERROR")), List.of(), ALL).surviving().size());
  }

  /** A busy machine does not kill what nothing can kill. */
  @Test
  void listedMutantsThatAreLateAreNotKilled() {
    List<Mutant> late = List.of(mutant("KILLED"), mutant("TIMED_OUT"), mutant("TIMED_OUT"));
    PackageResult result = PackageResult.of("shard", late, List.of(LISTED), ALL);
    assertEquals(2, result.killed());
    assertEquals(1, result.excused().size());
    assertEquals(List.of(), result.surviving());
    List<Mutant> both = List.of(mutant("TIMED_OUT"), mutant("SURVIVED"));
    assertEquals(1, PackageResult.of("shard", both, List.of(LISTED), ALL).killed());
  }

  @Test
  void entriesThatExcuseNothingAreSaid() {
    Equivalent other = new Equivalent("attention.B.g", "Math", 1, "a + b", "b is 0");
    PackageResult result = PackageResult.of("shard", mutants(9, 0, 0), List.of(LISTED, other), ALL);
    assertEquals(List.of(LISTED), result.unused());
  }

  @Test
  void aReportIsReadWithItsSource() throws IOException {
    Path source = Files.createDirectories(folder.resolve("ringattention/shard"));
    Files.writeString(source.resolve("A.java"), "class A {\n  return a + b;\n");
    Path report = folder.resolve("mutations.xml");
    Files.writeString(
        report,
        """
        <mutations><mutation detected='false' status='SURVIVED'><sourceFile>A.java</sourceFile>
        <mutatedClass>ringattention.shard.A</mutatedClass><mutatedMethod>f</mutatedMethod>
        <lineNumber>2</lineNumber><mutator>org.pitest.MathMutator</mutator>
        <description>changed</description></mutation></mutations>
        """);
    assertEquals(List.of(mutant("SURVIVED")), Mutant.read(report, folder));
  }

  @Test
  void theListOfEquivalentsIsRead() throws IOException {
    Path list = folder.resolve("equivalents.txt");
    Files.writeString(list, "# why\n\nshard.A.f Math 1\na + b\nb is\n  0\n");
    assertEquals(List.of(LISTED), Equivalent.read(list));
    Files.writeString(list, "shard.A.f Math\na + b\nb is 0\n");
    assertThrows(IOException.class, () -> Equivalent.read(list));
  }

  /** What is written of one package leaves the others as they were. */
  @Test
  void aPageKeepsWhatItSaysOfOthers() {
    MutationPage page =
        new MutationPage(
            List.of(
                "| `a` | old |", "| `shard` | old |", "## a", "old a", "## shard", "old", "## z"));
    page.replace(
        "shard", PackageResult.of("shard", mutants(9, 1, 0), List.of(LISTED), ALL), "made");
    assertEquals(
        List.of(
            "| `a` | old |",
            "| `shard` | 10 | 10 | 9 | 1 | 0 | 100.0 % | 20 of 20, 100.0 % | PASSED |",
            "## a",
            "old a",
            "## shard",
            "",
            "made",
            "",
            "Survived, equivalent:",
            "",
            "- `shard.A.f`, `` return a + b; ``, changed: b is 0",
            "",
            "## z"),
        page.lines());
    assertThrows(
        IllegalArgumentException.class,
        () -> page.replace("b", PackageResult.of("b", List.of(), List.of(), ALL), "made"));
  }
}
