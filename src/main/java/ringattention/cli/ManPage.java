package ringattention.cli;

import org.apache.commons.cli.Option;

/** The manual page in section 1, from the table of commands. */
final class ManPage {
  private static final String BEGIN =
      """
      .\\" written by make cli-files, not by hand
      .TH RINGATTENTION 1
      .SH NAME
      ringattention \\- train and run Transformers on long sequences with ring attention
      .SH SYNOPSIS
      .B ringattention
      .I command
      [options] [INPUT.toml]
      .SH DESCRIPTION
      """;
  private static final String END =
      """
      .SH EXIT STATUS
      .TP
      .B 0
      done and valid
      .TP
      .B 1
      an error ended it
      .TP
      .B 2
      the command line or an input is wrong
      .TP
      .B 3
      done, and a check failed
      .TP
      .B 4
      it diverged
      .TP
      .B 75
      stopped with a checkpoint: the same command with \\-\\-resume continues
      .SH SEE ALSO
      docs/runs.md, docs/inputs.md
      """;

  private ManPage() {}

  static String text() {
    StringBuilder text = new StringBuilder(BEGIN).append(escaped(CommandHelp.RANKS)).append('\n');
    text.append(".SH COMMANDS\n");
    for (Command command : Command.values()) {
      text.append(".SS ").append(escaped((command.words() + " " + command.operands()).strip()));
      text.append('\n').append(escaped(command.summary())).append(".\n");
      for (Option option : CommandOptions.of(command).getOptions()) {
        if (!CommandOptions.ALWAYS.contains(CommandOptions.name(option))) {
          text.append(".TP\n").append(typed(option)).append('\n');
          text.append(escaped(option.getDescription())).append('\n');
        }
      }
      text.append(".PP\nExample:\n.PP\n.nf\n").append(escaped(command.example())).append("\n.fi\n");
    }
    text.append(".SH OPTIONS OF EVERY COMMAND\n");
    for (Option option : CommandOptions.all().getOptions()) {
      if (CommandOptions.ALWAYS.contains(CommandOptions.name(option))) {
        text.append(".TP\n").append(typed(option)).append('\n');
        text.append(escaped(option.getDescription())).append('\n');
      }
    }
    return text.append(END).toString();
  }

  private static String typed(Option option) {
    String name = option.getOpt() == null ? "--" + option.getLongOpt() : "-" + option.getOpt();
    if (option.getOpt() != null && option.getLongOpt() != null) {
      name += ", --" + option.getLongOpt();
    }
    return escaped("\\fB" + name + "\\fR" + (option.hasArg() ? " " + option.getArgName() : ""));
  }

  /** A hyphen of a man page is not the minus that is typed; a line may not begin with a dot. */
  private static String escaped(String text) {
    String minus = text.replace("-", "\\-");
    return minus.startsWith(".") || minus.startsWith("'") ? "\\&" + minus : minus;
  }
}
