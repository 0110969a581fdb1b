package ringattention.mutation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringattention.mutation.PackageResult.Lines;

/**
 * Writes what pitest found in one package into docs/mutation.md: the last step of
 * tools/mutation.sh.
 *
 * <p>Usage: PACKAGE COMMIT, from the root of the project. Exit code 1 if a threshold was missed.
 */
final class MutationTable {
  private static final Path RUNS = Path.of("build", "mutation");
  private static final Path PAGE = Path.of("docs", "mutation.md");
  private static final Path EQUIVALENTS = Path.of("src", "test", "mutation", "equivalents.txt");

  private MutationTable() {}

  public static void main(String[] arguments) throws IOException {
    String name = arguments[0];
    String log = Files.readString(RUNS.resolve(name + ".log"));
    List<Mutant> mutants =
        Mutant.read(RUNS.resolve(name).resolve("mutations.xml"), Path.of("src", "main", "java"));
    Lines lines =
        new Lines(
            number(log, "Line Coverage[^:]*: (\\d+)/"), number(log, "Coverage[^:]*: \\d+/(\\d+)"));
    PackageResult result = PackageResult.of(name, mutants, Equivalent.read(EQUIVALENTS), lines);
    MutationPage page = new MutationPage(Files.readAllLines(PAGE));
    page.replace(name, result, made(name, arguments[1], log));
    Files.write(PAGE, page.lines());
    System.out.printf(
        "%s: %d of %d killed, %d equivalent, %d survived, %d of %d lines: %s%n",
        name,
        result.killed(),
        result.covered(),
        result.excused().size(),
        result.surviving().size(),
        lines.covered(),
        lines.all(),
        result.passed() ? "PASSED" : "FAILED");
    System.exit(result.passed() ? 0 : 1);
  }

  private static String made(String name, String commit, String log) {
    return "`make mutation PACKAGE="
        + name
        + "`, "
        + LocalDate.now(ZoneOffset.UTC)
        + ", git "
        + commit
        + ", pitest "
        + text(log, "pitest-maven:([^:\\s]+)")
        + ", Java "
        + Runtime.version()
        + ", "
        + number(log, "Completed in (\\d+) seconds")
        + " s, "
        + number(log, "reduced number of mutations by (\\d+)")
        + " mutants known from an earlier run.";
  }

  private static int number(String log, String pattern) {
    return Integer.parseInt(text(log, pattern));
  }

  private static String text(String log, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(log);
    if (!matcher.find()) {
      throw new IllegalStateException("pitest's log says nothing like '" + pattern + "'");
    }
    return matcher.group(1);
  }
}
