package ringattention;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.command.ModelFolders;
import ringattention.command.SharedInput;
import ringattention.data.HeldOutSamples;
import ringattention.data.Samples;
import ringattention.huggingface.HuggingFaceFolder;

/** Who may import whom: the table of docs/decisions.md, held by a test. */
class ArchitectureTest {
  private static final String ROOT = "ringattention";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  /** Every row may import these. */
  private static final List<String> GROUND = List.of("input", "metrics", "random");

  private static final Map<String, List<String>> MAY_IMPORT =
      Map.ofEntries(
          Map.entry("cli", List.of()),
          Map.entry(
              "command",
              List.of(
                  "cli",
                  "file",
                  "environment",
                  "bench",
                  "forecast",
                  "train",
                  "infer",
                  "evaluate",
                  "validate",
                  "plan",
                  "run",
                  "model",
                  "attention",
                  "checkpoint",
                  "huggingface",
                  "parallel",
                  "data",
                  "report",
                  "shard",
                  "comm",
                  "device")),
          Map.entry(
              "bench",
              List.of(
                  "infer",
                  "validate",
                  "train",
                  "plan",
                  "run",
                  "model",
                  "attention",
                  "parallel",
                  "shard",
                  "data",
                  "device",
                  "comm",
                  "report")),
          Map.entry(
              "forecast",
              List.of(
                  "plan", "run", "model", "attention", "parallel", "shard", "device", "report")),
          Map.entry(
              "train",
              List.of(
                  "cli",
                  "plan",
                  "checkpoint",
                  "validate",
                  "model",
                  "run",
                  "report",
                  "data",
                  "attention",
                  "parallel",
                  "device",
                  "comm",
                  "shard")),
          Map.entry(
              "infer",
              List.of(
                  "plan",
                  "model",
                  "run",
                  "report",
                  "data",
                  "template",
                  "attention",
                  "parallel",
                  "device",
                  "comm",
                  "shard")),
          Map.entry(
              "evaluate",
              List.of(
                  "infer",
                  "plan",
                  "model",
                  "run",
                  "report",
                  "data",
                  "environment",
                  "device",
                  "comm")),
          Map.entry(
              "validate",
              List.of(
                  "model", "attention", "parallel", "shard", "data", "device", "comm", "report")),
          Map.entry(
              "plan",
              List.of(
                  "model",
                  "attention",
                  "run",
                  "report",
                  "checkpoint",
                  "parallel",
                  "data",
                  "shard",
                  "device",
                  "comm")),
          Map.entry("run", List.of("cli", "comm", "device", "parallel", "report", "shard")),
          Map.entry("model", List.of("attention", "parallel", "data", "shard", "device", "comm")),
          Map.entry("attention", List.of("shard", "device", "comm")),
          Map.entry("checkpoint", List.of("file", "parallel", "device", "comm")),
          Map.entry("huggingface", List.of("file", "model", "parallel", "device", "comm")),
          Map.entry("parallel", List.of("device", "comm")),
          Map.entry("data", List.of("template", "file")),
          Map.entry("template", List.of()),
          Map.entry("environment", List.of()),
          Map.entry("report", List.of()),
          Map.entry("shard", List.of()),
          Map.entry("file", List.of()),
          Map.entry("device", List.of("shard")),
          Map.entry("comm", List.of()),
          Map.entry("metrics", List.of()),
          Map.entry("random", List.of()),
          Map.entry("input", List.of()));

  private static List<String> and(List<String> some, String... more) {
    List<String> all = new ArrayList<>(some);
    all.addAll(Arrays.asList(more));
    return all;
  }

  static Set<String> packages() {
    return MAY_IMPORT.keySet();
  }

  @Test
  void everyPackageIsInTheTable() {
    Set<String> found =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> !name.equals(ROOT))
            .map(name -> name.substring(ROOT.length() + 1).split("\\.")[0])
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(MAY_IMPORT.keySet()), found);
  }

  @ParameterizedTest
  @MethodSource("packages")
  void importsFlowOneWay(String importer) {
    List<String> allowed = and(MAY_IMPORT.get(importer), importer);
    if (!GROUND.contains(importer)) {
      allowed.addAll(GROUND);
    }
    DescribedPredicate<JavaClass> forbidden =
        DescribedPredicate.describe(
            "ringattention classes outside " + allowed,
            imported ->
                imported.getPackageName().startsWith(ROOT)
                    && allowed.stream().noneMatch(name -> inPackage(imported, ROOT + "." + name)));
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + importer + "..")
        .should()
        .dependOnClassesThat(forbidden)
        .check(CLASSES);
  }

  /** What tasks and trajectories are, apart from what a sample is. */
  @ParameterizedTest
  @ValueSource(strings = {"lines", "trajectories"})
  void whatSamplesAreMadeOfSeesNothingOfData(String name) {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".data." + name)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".data")
        .check(CLASSES);
  }

  private static boolean inPackage(JavaClass type, String name) {
    return type.getPackageName().equals(name) || type.getPackageName().startsWith(name + ".");
  }

  @Test
  void oneForeignSystemOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("ringattention.comm..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("mpi..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage("ringattention.device..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage("ringattention.data..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(CLASSES);
    // not there as a rule: whoever imports it is loaded only after Records has asked for it
    noClasses()
        .that()
        .haveNameNotMatching("ringattention\\.data\\.Parquet.*")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.parquet..", "org.apache.hadoop..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage("ringattention.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.commons.cli..")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("ringattention.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void nothingBelowTheRootPrintsReadsTheEnvironmentOrExits() {
    for (String member : List.of("out", "err")) {
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT)
          .should()
          .accessField(System.class, member)
          .check(CLASSES);
    }
    for (String method : List.of("getenv", "exit", "getProperty")) {
      String reader = method.equals("getProperty") ? "run" : "nothing"; // Java's own, for the log
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT, ROOT + "." + reader)
          .should()
          .callMethodWhere(
              DescribedPredicate.describe(
                  "System." + method,
                  call ->
                      call.getTargetOwner().isEquivalentTo(System.class)
                          && call.getName().equals(method)))
          .check(CLASSES);
    }
  }

  /** Whatever reads what ranks must share reads it where it is compared. */
  @Test
  void onlySharedInputReadsWhatRanksShare() {
    Map<Class<?>, List<String>> readers =
        Map.of(
            Samples.class, List.of("of"),
            HeldOutSamples.class, List.of("of"),
            ModelFolders.class, List.of("of"),
            HuggingFaceFolder.class, List.of("open"));
    readers.forEach(
        (owner, methods) ->
            noClasses()
                .that()
                .doNotBelongToAnyOf(SharedInput.class, owner, ModelFolders.class)
                .should()
                .callMethodWhere(
                    DescribedPredicate.describe(
                        owner.getSimpleName() + "." + methods,
                        call ->
                            call.getTargetOwner().isEquivalentTo(owner)
                                && methods.contains(call.getName())))
                .check(CLASSES));
  }

  @Test
  void namesSaySomething() {
    classes().should().haveNameNotMatching("(?i).*(util|common|helper|manager).*").check(CLASSES);
  }

  @Test
  void noStaticMutableState() {
    fields().that().areStatic().should().beFinal().check(CLASSES);
  }
}
