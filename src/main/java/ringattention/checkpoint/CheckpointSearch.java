package ringattention.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ringattention.comm.Communicator;
import ringattention.file.StageFolders;
import ringattention.input.InputException;

/**
 * Finds the checkpoint that a path means.
 *
 * @param world all ranks that are going to read it
 * @param fallback whether to take an older one where one is not what was written
 */
public record CheckpointSearch(Communicator world, boolean fallback) {
  /**
   * What was found, every byte of it verified by some rank.
   *
   * @param passedOver why newer ones were not taken, a line each
   */
  public record Result(Checkpoint checkpoint, List<String> passedOver) {
    public Result {
      passedOver = List.copyOf(passedOver);
    }
  }

  /**
   * Collective.
   *
   * @param path a folder step_N, or a run's folder, or its folder checkpoints: their newest
   *     complete one; of a run in stages, that of the last stage that has one
   * @throws InputException on every rank the same, naming the file, if there is none or it is not
   *     what was written
   */
  public Result find(Path path) {
    return first(candidates(path));
  }

  /**
   * Finds the checkpoint of a step. Collective.
   *
   * @param path as {@link #find(Path)} takes it
   * @throws InputException on every rank the same, naming the steps that there are, if there is
   *     none of this step, or naming the file, if it is not what was written
   */
  public Result find(Path path, long step) {
    List<Path> there = candidates(path);
    List<Path> asked =
        there.stream().filter(folder -> CheckpointFolder.stepOf(folder) == step).toList();
    if (asked.isEmpty()) {
      String steps =
          there.stream()
              .filter(CheckpointFolder::isComplete)
              .map(CheckpointFolder::stepOf)
              .sorted()
              .map(number -> Long.toString(number))
              .collect(Collectors.joining(", "));
      throw new InputException(
          path
              + ": has no whole checkpoint of step "
              + step
              + (steps.isEmpty() ? "" : ", but of " + steps));
    }
    return first(asked);
  }

  /**
   * Finds a checkpoint like {@link #find(Path)}, in the folder of a run that may not have written
   * any: empty if there is no complete one. Collective.
   *
   * @throws InputException on every rank the same, naming the file, if none is what was written
   */
  public Optional<Result> newestOf(Path run) {
    Path folder = run.resolve(CheckpointFolder.NAME);
    List<Path> found = List.of();
    String problem = "";
    if (world.rank() == 0 && Files.isDirectory(folder)) {
      try {
        found =
            new CheckpointFolder(folder)
                .steps().stream().filter(CheckpointFolder::isComplete).toList();
      } catch (IOException e) {
        problem = folder + ": cannot be read";
      }
    }
    List<Path> all = told(found, problem);
    return all.isEmpty() ? Optional.empty() : Optional.of(first(all));
  }

  /**
   * Makes those of a run that are newer than the one it goes on from count no more; they are
   * removed with its next checkpoint. Not collective.
   *
   * @throws CheckpointException if they cannot be changed
   */
  public static void abandonAfter(long step, Path run) {
    Path folder = run.resolve(CheckpointFolder.NAME);
    if (!Files.isDirectory(folder)) {
      return;
    }
    try {
      for (Path newer : new CheckpointFolder(folder).steps()) {
        if (CheckpointFolder.stepOf(newer) > step) {
          Files.deleteIfExists(newer.resolve(CheckpointFolder.DONE));
        }
      }
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + e.getMessage());
    }
  }

  private Result first(List<Path> candidates) {
    List<String> passedOver = new ArrayList<>();
    for (Path candidate : candidates) {
      Checkpoint checkpoint = null;
      String problem = "";
      try {
        checkpoint = Checkpoint.open(candidate);
        checkpoint.verify(world.rank(), world.size());
      } catch (InputException e) {
        problem = e.getMessage();
      }
      String first = FirstProblem.of(world, problem).orElse("");
      if (first.isEmpty()) {
        return new Result(checkpoint, passedOver);
      }
      passedOver.add(first);
      if (!fallback) {
        break;
      }
    }
    throw new InputException(passedOver.get(0));
  }

  /** In the order of preference, as rank 0 sees them; at least one. */
  private List<Path> candidates(Path path) {
    String problem = "";
    List<Path> found = List.of();
    if (world.rank() == 0) {
      try {
        found = CheckpointFolder.isStep(path) ? andOlder(path) : newest(path);
        problem = found.isEmpty() ? path + ": holds no checkpoint" : "";
      } catch (IOException e) {
        problem = path + ": no such folder, or it cannot be read";
      }
    }
    return told(found, problem);
  }

  /** What rank 0 found, on every rank. */
  private List<Path> told(List<Path> found, String problem) {
    FirstProblem.of(world, problem)
        .ifPresent(
            first -> {
              throw new InputException(first);
            });
    String joined = String.join("\0", found.stream().map(Path::toString).toList());
    String told = new String(world.broadcast(joined.getBytes(UTF_8)), UTF_8);
    return Stream.of(told.split("\0")).filter(text -> !text.isEmpty()).map(Path::of).toList();
  }

  private static List<Path> andOlder(Path step) throws IOException {
    List<Path> all = new ArrayList<>(List.of(step));
    Path parent = step.toAbsolutePath().getParent();
    if (Files.isDirectory(parent)) {
      for (Path other : new CheckpointFolder(parent).steps()) {
        if (CheckpointFolder.stepOf(other) < CheckpointFolder.stepOf(step)
            && CheckpointFolder.isComplete(other)) {
          all.add(other);
        }
      }
    }
    return all;
  }

  /** The newest complete checkpoint of a run's folder, none of it read. */
  public static Optional<Path> newestComplete(Path run) {
    try {
      return newest(run).stream().filter(CheckpointFolder::isComplete).findFirst();
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  /** Complete ones; if there is none, those that are not, to say so. */
  private static List<Path> newest(Path path) throws IOException {
    List<Path> stages = StageFolders.in(path);
    for (int last = stages.size() - 1; last >= 0; last--) {
      if (Files.isDirectory(stages.get(last).resolve(CheckpointFolder.NAME))) {
        List<Path> found = newest(stages.get(last));
        if (found.stream().anyMatch(CheckpointFolder::isComplete)) {
          return found;
        }
      }
    }
    Path below = path.resolve(CheckpointFolder.NAME);
    List<Path> all = new CheckpointFolder(Files.isDirectory(below) ? below : path).steps();
    List<Path> complete = all.stream().filter(CheckpointFolder::isComplete).toList();
    return complete.isEmpty() ? all : complete;
  }
}
