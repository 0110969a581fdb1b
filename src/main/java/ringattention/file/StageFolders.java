package ringattention.file;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** Where the stages of a training run are: {@code stage-1}, {@code stage-2}, ... in its folder. */
public final class StageFolders {
  private static final String NAME = "stage-";

  private StageFolders() {}

  /**
   * @param stage counted from 1
   */
  public static Path of(Path run, int stage) {
    return run.resolve(NAME + stage);
  }

  /** Returns those that are there, in their order; none if the run has no stages. */
  public static List<Path> in(Path run) {
    return IntStream.iterate(1, stage -> stage + 1)
        .mapToObj(stage -> of(run, stage))
        .takeWhile(Files::isDirectory)
        .toList();
  }
}
