package ringattention.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.cli.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.Attempt;
import ringattention.input.InputException;
import ringattention.run.ModelExport;

/** Every option with every command: used or refused by name. Help is given everywhere. */
class CommandOptionsTest {
  private static final String ALWAYS = "h V ";
  private static final String COMPUTING = "D o dry-run memory-cap quiet log-level ";

  /** What each command uses; a command that is not here uses what computes. */
  private static final Map<Command, String> USED =
      Map.ofEntries(
          Map.entry(Command.TRAIN, COMPUTING + "resume max-minutes trace"),
          Map.entry(Command.GENERATE, COMPUTING + "resume prompt"),
          Map.entry(Command.BENCH_ATTENTION, COMPUTING + "trace"),
          Map.entry(Command.PLAN, "D o memory-cap hardware ranks paper compare"),
          Map.entry(Command.EXPORT, "D o dry-run step type"),
          Map.entry(Command.SHOW_DATA, "D n"),
          Map.entry(Command.COLLECT, "D o dry-run quiet log-level"),
          Map.entry(Command.STATUS, ""),
          Map.entry(Command.COMPARE, ""));

  private static final Map<String, String> VALUES =
      Map.ofEntries(
          Map.entry("D", "train.steps=1"),
          Map.entry("o", "folder"),
          Map.entry("max-minutes", "1"),
          Map.entry("memory-cap", "1GiB"),
          Map.entry("prompt", "text"),
          Map.entry("hardware", "h200"),
          Map.entry("ranks", "2"),
          Map.entry("compare", "folder"),
          Map.entry("step", "3"),
          Map.entry("log-level", "warn"),
          Map.entry("type", "fp16"),
          Map.entry("n", "2"));

  static Stream<Command> commands() {
    return Arrays.stream(Command.values())
        .filter(command -> command != Command.HELP && command != Command.VERSION);
  }

  private static List<String> line(Command command) {
    List<String> line = new ArrayList<>(List.of(command.words().split(" ")));
    switch (command) {
      case STATUS, EXPORT -> line.add("folder");
      case COMPARE -> line.addAll(List.of("folder", "other"));
      default -> line.add("x.toml");
    }
    return line;
  }

  private static void parse(List<String> line) {
    CommandLine.parse(line.toArray(String[]::new));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyOptionIsUsedOrRefusedByName(Command command) {
    List<String> used =
        List.of((ALWAYS + USED.getOrDefault(command, COMPUTING)).strip().split(" +"));
    for (Option option : CommandOptions.all().getOptions()) {
      String name = CommandOptions.name(option);
      String typed = (option.getOpt() == null ? "--" : "-") + name;
      List<String> line = line(command);
      line.add(typed);
      if (option.hasArg() && !name.equals("trace")) {
        line.add(VALUES.get(name));
      }
      if (used.contains(name)) {
        try {
          parse(line);
        } catch (InputException other) { // it may need another option, or exclude one
          String message = other.getMessage();
          assertTrue(message.contains(" needs ") || command == Command.PLAN, message);
        }
      } else {
        String message = assertThrows(InputException.class, () -> parse(line)).getMessage();
        assertTrue(message.startsWith("command line: " + typed + " is "), message);
        assertTrue(message.contains(" for "), message);
      }
    }
  }

  @Test
  void aPlanIsPrintedAndWrittenWhereItIsATable() {
    assertEquals(
        "command line: -o is not for plan without --paper or --compare",
        assertThrows(InputException.class, () -> parse(List.of("plan", "x.toml", "-o", "folder")))
            .getMessage());
    assertDoesNotThrow(() -> parse(List.of("plan", "--paper", "-o", "folder")));
    assertDoesNotThrow(
        () -> parse(List.of("plan", "--hardware", "h200", "--compare", "runs", "-o", "folder")));
  }

  @Test
  void anExportHasAFolderAStepAndAType() {
    ExportOptions given =
        CommandLine.parse("export", "run", "-o", "x", "--step", "7", "--type=fp32").export();
    assertEquals(7, given.step().getAsLong());
    assertEquals("fp32", given.type());
    assertEquals("bf16", CommandLine.parse("export", "run", "-o", "x").export().type());
    assertRefused("export needs the folder of a run", "export", "-o", "x");
    assertRefused("export needs the folder of a run", "export", "run", "other", "-o", "x");
    assertRefused("export needs the folder to write, -o DIR", "export", "run");
    assertRefused(
        "--type fp8: must be one of bf16, fp16, fp32", "export", "run", "-o", "x", "--type", "fp8");
    for (String step : List.of("-1", "last", "1.5")) {
      assertRefused(
          "--step " + step + ": must be the number of a step",
          "export",
          "run",
          "-o",
          "x",
          "--step=" + step);
    }
    Set<String> types =
        Arrays.stream(ModelExport.values()).map(ModelExport::toString).collect(Collectors.toSet());
    types.remove("none");
    assertEquals(types, Set.copyOf(ExportOptions.TYPES), "as output.model has them");
  }

  private static void assertRefused(String problem, String... line) {
    assertEquals(
        "command line: " + problem,
        assertThrows(InputException.class, () -> CommandLine.parse(line)).getMessage());
  }

  private static void assertHelp(List<String> line) {
    Attempt attempt = Attempt.run(Duration.ofSeconds(20), line);
    assertEquals(0, attempt.exitCode(), line.toString());
    assertEquals(List.of(), attempt.errors(), line.toString());
    assertTrue(attempt.output().get(0).startsWith("usage: ringattention "), line.toString());
  }

  @ParameterizedTest
  @EnumSource(Command.class)
  void helpIsGivenAtEveryPlace(Command command) {
    List<String> line = line(command);
    for (int place = 0; place <= line.size(); place++) {
      for (String help : List.of("-h", "--help")) {
        List<String> asking = new ArrayList<>(line);
        asking.add(place, help);
        assertHelp(asking);
      }
    }
    List<String> words = new ArrayList<>(List.of(command.words().split(" ")));
    words.add("--help");
    assertHelp(words);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "bench --help",
        "help",
        "help status",
        "train --bogus --help",
        "train x.toml -o --help",
        "status folder -D a=b -h",
        "train --hel"
      })
  void helpIsGivenWhateverElseIsWrong(String line) {
    assertHelp(List.of(line.split(" ")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--version",
        "-V",
        "status -V",
        "train x.toml -V",
        "train --versio",
        "status --version",
        "compare a --version",
        "version"
      })
  void theVersionIsGiven(String line) {
    Attempt attempt = Attempt.run(Duration.ofSeconds(20), List.of(line.split(" ")));
    assertEquals(0, attempt.exitCode());
    assertTrue(attempt.output().get(0).contains(" (git "), attempt.output().toString());
  }
}
