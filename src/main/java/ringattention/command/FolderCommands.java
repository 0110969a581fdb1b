package ringattention.command;

import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.cli.Command;
import ringattention.cli.CommandLine;
import ringattention.cli.ExitCode;
import ringattention.report.RecordedRun;
import ringattention.report.RunComparison;
import ringattention.report.RunStatus;

/** {@code status} and {@code compare}: read folders of runs, need no MPI and no device. */
public final class FolderCommands {
  private FolderCommands() {}

  /**
   * @throws ringattention.input.InputException if a folder is not one of a run
   */
  public static int run(CommandLine line, PrintStream console) {
    if (line.command() == Command.STATUS) {
      RecordedRun run = RecordedRun.read(line.folders().get(0));
      Optional<String> checkpoint =
          CheckpointSearch.newestComplete(line.folders().get(0)).map(Object::toString);
      new RunStatus(run, checkpoint, Instant.now()).lines().forEach(console::println);
      return ExitCode.VALID;
    }
    List<RecordedRun> runs = line.folders().stream().map(RecordedRun::read).toList();
    RunComparison comparison = new RunComparison(runs.get(0), runs.get(1));
    comparison.lines().forEach(console::println);
    return comparison.equal() ? ExitCode.VALID : ExitCode.CHECK_FAILED;
  }
}
