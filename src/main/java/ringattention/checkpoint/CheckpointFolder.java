package ringattention.checkpoint;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import ringattention.file.DurableFile;

/**
 * The folder {@code checkpoints} of a run: {@code step_N} for each checkpoint, complete once it
 * holds a file {@code DONE}; {@code step_N.tmp-ID} while it is being written.
 */
record CheckpointFolder(Path path) {
  static final String NAME = "checkpoints";
  static final String DONE = "DONE";

  private static final String STEP = "step_";
  private static final String TEMPORARY = ".tmp-";

  static boolean isStep(Path folder) {
    return folder.getFileName() != null
        && folder.getFileName().toString().matches("step_\\d{1,18}");
  }

  static boolean isComplete(Path folder) {
    return Files.isRegularFile(folder.resolve(DONE));
  }

  /** Returns the step of a folder named step_N. */
  static long stepOf(Path folder) {
    return Long.parseLong(folder.getFileName().toString().substring(STEP.length()));
  }

  Path step(long step) {
    return path.resolve(STEP + step);
  }

  Path temporary(long step, String id) {
    return path.resolve(STEP + step + TEMPORARY + id);
  }

  /** Every step_N, complete or not, the newest first. */
  List<Path> steps() throws IOException {
    try (Stream<Path> all = Files.list(path)) {
      return all.filter(CheckpointFolder::isStep)
          .sorted(Comparator.comparingLong(CheckpointFolder::stepOf).reversed())
          .toList();
    }
  }

  /** Removes what killed runs left behind. */
  void removeIncomplete(Path butNot) throws IOException {
    List<Path> stale = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(path, STEP + "*" + TEMPORARY + "*")) {
      all.forEach(stale::add);
    }
    stale.addAll(steps().stream().filter(folder -> !isComplete(folder)).toList());
    stale.remove(butNot);
    for (Path folder : stale) {
      delete(folder);
    }
  }

  /** Gives a temporary folder, all of it on disk, its name, and marks it as complete. */
  void publish(Path temporary, long step) throws IOException {
    Path folder = step(step);
    delete(folder);
    Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
    DurableFile.syncFolder(path);
    DurableFile.write(folder.resolve(DONE), "");
    DurableFile.syncFolder(folder);
  }

  /** Keeps the newest so many complete checkpoints. */
  void prune(int keep) throws IOException {
    List<Path> old = steps().stream().filter(CheckpointFolder::isComplete).skip(keep).toList();
    for (Path folder : old) {
      delete(folder);
    }
  }

  /** Deletes a checkpoint if it is there; first it ceases to be complete. */
  static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      Files.deleteIfExists(folder.resolve(DONE));
      DurableFile.deleteFolder(folder);
    }
  }
}
