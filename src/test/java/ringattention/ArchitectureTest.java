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
import ringattention.checkpoint.HuggingFaceFolder;
import ringattention.data.Samples;

/** Who may import whom: the table of docs/decisions.md, held by a test. */
class ArchitectureTest {
  private static final String ROOT = "ringattention";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  private static final List<String> BELOW_MODEL =
      List.of(
          "attention",
          "parallel",
          "shard",
          "data",
          "report",
          "device",
          "comm",
          "config",
          "metrics");

  private static final Map<String, List<String>> MAY_IMPORT =
      Map.ofEntries(
          Map.entry("bench", and(BELOW_MODEL, "model", "validate")),
          Map.entry("validate", and(BELOW_MODEL, "model")),
          Map.entry("train", and(BELOW_MODEL, "model")),
          Map.entry(
              "model",
              List.of(
                  "attention", "parallel", "device", "comm", "shard", "data", "config", "metrics")),
          Map.entry("attention", List.of("device", "comm", "shard", "config", "metrics")),
          Map.entry("parallel", List.of("device", "comm", "config", "metrics")),
          Map.entry("checkpoint", List.of("parallel", "device", "comm", "config", "metrics")),
          Map.entry("shard", List.of("config")),
          Map.entry("data", List.of("config")),
          Map.entry("report", List.of("config", "metrics")),
          Map.entry("device", List.of()),
          Map.entry("comm", List.of()),
          Map.entry("config", List.of()),
          Map.entry("metrics", List.of()));

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
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT)
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
            ModelFolders.class, List.of("of"),
            HuggingFaceFolder.class, List.of("open"),
            CommandLine.class, List.of("configuration"));
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
