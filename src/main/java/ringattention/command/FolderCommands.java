package ringattention.command;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.cli.Command;
import ringattention.cli.CommandLine;
import ringattention.cli.ExitCode;
import ringattention.file.StageFolders;
import ringattention.input.InputException;
import ringattention.report.RecordedRun;
import ringattention.report.RunComparison;
import ringattention.report.RunFolder;
import ringattention.report.RunStatus;

/** {@code status} and {@code compare}: read folders of runs, need no MPI and no device. */
public final class FolderCommands {
  private FolderCommands() {}

  /**
   * @throws ringattention.input.InputException if a folder is not one of a run
   */
  public static int run(CommandLine line, PrintStream console) {
    if (line.command() == Command.STATUS) {
      Path folder = line.folders().get(0);
      Optional<RecordedRun> stage =
          StageFolders.in(folder).stream()
              .filter(RunFolder::holdsRun)
              .reduce((earlier, later) -> later)
              .map(RecordedRun::read);
      Optional<String> checkpoint = CheckpointSearch.newestComplete(folder).map(Object::toString);
      new RunStatus(RecordedRun.read(folder), stage, checkpoint, Instant.now())
          .lines()
          .forEach(console::println);
      return ExitCode.VALID;
    }
    List<RecordedRun> runs = line.folders().stream().map(FolderCommands::comparable).toList();
    RunComparison comparison = new RunComparison(runs.get(0), runs.get(1));
    comparison.lines().forEach(console::println);
    return comparison.equal() ? ExitCode.VALID : ExitCode.CHECK_FAILED;
  }

  private static RecordedRun comparable(Path folder) {
    List<Path> stages = StageFolders.in(folder);
    if (!stages.isEmpty()) {
      throw new InputException(
          folder + ": holds stages: compare one of them, such as " + stages.get(0));
    }
    return RecordedRun.read(folder);
  }
}
