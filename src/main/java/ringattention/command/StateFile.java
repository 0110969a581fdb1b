package ringattention.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import ringattention.data.trajectories.StateStatistics;
import ringattention.input.Source;
import ringattention.run.RunOutput;

/** The statistics of states in a training run's folder: those that its model is trained with. */
final class StateFile {
  private StateFile() {}

  /**
   * Demands the statistics that a run began with: on another corpus, if that is accepted, its own
   * would be others, and states mean something else to the model.
   *
   * @param folder that the run goes on with, if it does
   * @param now of what the run learns from; empty where that are tokens
   * @throws ringattention.input.InputException naming {@code trajectories.statistics} if they
   *     differ
   */
  static void requireSame(Optional<Path> folder, Optional<StateStatistics> now, Source source) {
    Optional<Path> file =
        folder.map(run -> run.resolve(StateStatistics.FILE)).filter(Files::exists);
    if (file.isPresent()
        && now.isPresent()
        && !StateStatistics.read(file.get()).equals(now.get())) {
      throw source.error(
          "trajectories.statistics",
          "must be \""
              + file.get()
              + "\": the run was trained with other statistics of states than those of what it"
              + " learns from now");
    }
  }

  /** Writes them, if there are any. */
  static void write(RunOutput output, Optional<StateStatistics> states) {
    states.ifPresent(found -> output.write(StateStatistics.FILE, found.json()));
  }
}
