package ringattention.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.cli.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.input.InputException;

/** Help, completion and manual page say what the parser takes, and nothing else. */
class CommandHelpTest {
  private static final Path COMPLETION =
      Path.of("share/bash-completion/completions/ringattention").toAbsolutePath();

  private static String help(String words) {
    return CommandHelp.text(List.of(words.split(" ")));
  }

  /** Whether a line of help begins with an option. */
  private static boolean lists(String help, Option option) {
    String typed = option.getOpt() == null ? "--" + option.getLongOpt() : "-" + option.getOpt();
    return help.lines().anyMatch(line -> line.strip().matches(typed + "([, ].*)?"));
  }

  @ParameterizedTest
  @EnumSource(Command.class)
  void aCommandsHelpHasItsOwnOptionsOnly(Command command) {
    String help = help("help " + command.words());
    assertTrue(help.startsWith("usage: ringattention " + command.words()), help);
    for (Option option : CommandOptions.all().getOptions()) {
      String name = CommandOptions.name(option);
      boolean own = CommandOptions.uses(command, name) || name.equals("h") || name.equals("V");
      assertEquals(own, lists(help, option), name + " in " + help);
    }
    assertTrue(help.contains("Exit codes: 0 "), help);
    assertTrue(help.lines().allMatch(line -> line.length() <= 100), help);
    assertTrue(help.endsWith("\n") && !help.contains(" \n"), help);
    if (!command.words().equals("help")) {
      assertEquals(help, help(command.words() + " --help"));
    }
  }

  @Test
  void aCommandsHelpSaysNothingOfOthers() {
    assertTrue(help("help train").contains("continue folder DIR"), help("help train"));
    assertFalse(help("help train").contains("answers that are not there"), help("help train"));
    assertTrue(help("help generate").contains("answers that are not there"));
    assertFalse(help("help generate").contains("generate: "), help("help generate"));
  }

  @ParameterizedTest
  @EnumSource(Command.class)
  void examplesAreTakenByTheParser(Command command) {
    List<String> words = new ArrayList<>(List.of(command.example().split(" (?=[^']*('[^']*')*$)")));
    words.subList(0, words.indexOf("ringattention") + 1).clear();
    CommandLine line = CommandLine.parse(words.toArray(String[]::new));
    assertEquals(command, line.command());
    line.input().ifPresent(input -> assertTrue(Files.exists(input), input.toString()));
  }

  @Test
  void aGroupHasItsCommandsOnly() {
    for (String words : List.of("help bench", "bench --help")) {
      String help = help(words);
      assertTrue(help.contains("\n  bench scaling INPUT.toml"), help);
      assertFalse(help.contains("evaluate"), help);
    }
    assertTrue(help("help").contains("\n  status DIR "), help("help"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trian x.toml | unknown command trian, did you mean train? (commands: train, ",
        "bench mfuu x.toml | unknown command bench mfuu, did you mean bench mfu? (commands",
        "benhc mfu x.toml | unknown command benhc, did you mean bench mfu? (commands",
        "bogus x.toml | unknown command bogus (commands: train, ",
        "help trian | unknown command trian, did you mean train? (commands: train, ",
        "help bench mfuu | unknown command bench mfuu, did you mean bench mfu? (commands",
        "train x.toml --resune | unknown option --resune, did you mean --resume? (ringattention help train",
        "train x.toml --harware | unknown option --harware, did you mean --hardware? (ringattention",
        "train x.toml --memorycap=1G | unknown option --memorycap=1G, did you mean --memory-cap?",
        "train x.toml --bogus | unknown option --bogus (ringattention help train shows the options)",
        "bench mfu x.toml -x | unknown option -x (ringattention help bench mfu shows the options)",
      })
  void misspellingsAreAnsweredByWhatWasMeant(String words, String message) {
    InputException error =
        assertThrows(
            InputException.class,
            () -> CommandHelp.text(CommandLine.parse(words.split(" ")).arguments()));
    assertTrue(error.getMessage().startsWith("command line: " + message), error.getMessage());
  }

  @Test
  void installedFilesAreThoseOfTheTable() throws IOException {
    assertEquals(help("help bash-completion"), Files.readString(COMPLETION), "make cli-files");
    assertEquals(
        help("help man-page"),
        Files.readString(Path.of("share/man/man1/ringattention.1")),
        "make cli-files");
  }

  /** Runs the completion in a bash, as the line editor does. */
  private static List<String> completed(String... words) throws Exception {
    String script =
        ". \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _ringattention;"
            + " printf '%s\\n' \"${COMPREPLY[@]}\"";
    List<String> command =
        new ArrayList<>(List.of("bash", "-c", script, "bash", COMPLETION.toString()));
    command.add("ringattention");
    command.addAll(List.of(words));
    Process bash = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(bash.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, bash.waitFor(), output);
    return output.lines().sorted().toList();
  }

  @Test
  void bashCompletesCommandsOptionsAndValues() throws Exception {
    assertEquals(List.of("status"), completed("st"));
    assertEquals(List.of("bench"), completed("ben"));
    assertEquals(List.of("memory", "mfu"), completed("bench", "m"));
    assertEquals(List.of("export"), completed("help", "ex"));
    assertEquals(List.of("h100", "h200"), completed("plan", "x.toml", "--hardware", "h"));
    assertEquals(List.of("h200"), completed("plan", "x.toml", "--hardware", "=", "h2"));
    assertEquals(List.of("pom.xml"), completed("train", "pom"));
    for (Command command : Command.values()) {
      List<String> words = new ArrayList<>(Arrays.asList(command.words().split(" ")));
      words.add("-");
      assertEquals(
          BashCompletion.options(command).stream().sorted().toList(),
          completed(words.toArray(String[]::new)),
          command.words());
    }
  }
}
