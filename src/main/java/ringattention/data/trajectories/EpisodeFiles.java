package ringattention.data.trajectories;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * The files of the episodes of a corpus.
 *
 * @param tasks at least one
 * @param leftOut files that are no {@code .npz}, and hidden ones
 */
public record EpisodeFiles(List<Task> tasks, int leftOut) {
  private static final String ENDING = ".npz";

  /**
   * The files of one task.
   *
   * @param files in the order of collection: folder by folder, each by the numbers of its files
   */
  public record Task(String name, List<Path> files) {}

  /** The files below one folder. */
  private record Found(List<Path> episodes, int others) {}

  public EpisodeFiles {
    tasks = List.copyOf(tasks);
  }

  /**
   * Finds the files; reads none.
   *
   * @param path a file, or a folder that is searched with all below it
   * @throws InputException naming {@code data.path} if there is none
   */
  public static EpisodeFiles of(Path path, TaskFolders tasks, Source source) {
    if (!Files.exists(path)) {
      throw source.error("data.path", "no such file or folder");
    }
    if (tasks == TaskFolders.ONE) {
      Found found = Files.isDirectory(path) ? below(path, source) : new Found(List.of(path), 0);
      if (found.episodes.isEmpty()) {
        throw none(source, "it has " + found.others + " other files");
      }
      return new EpisodeFiles(List.of(new Task("all", found.episodes)), found.others);
    }
    if (!Files.isDirectory(path)) {
      throw source.error(
          "data.path", "must be a folder of folders with trajectories.tasks = \"folders\"");
    }
    List<Task> found = new ArrayList<>();
    int others = 0;
    for (Path entry : entries(path, source)) {
      if (Files.isDirectory(entry)) {
        Found below = below(entry, source);
        others += below.others;
        if (!below.episodes.isEmpty()) {
          found.add(new Task(entry.getFileName().toString(), below.episodes));
        }
      } else if (isEpisode(entry)) {
        throw source.error(
            "data.path", entry + " is in no task's folder, with trajectories.tasks = \"folders\"");
      } else {
        others++;
      }
    }
    if (found.isEmpty()) {
      throw none(source, "none of its folders has one");
    }
    return new EpisodeFiles(found, others);
  }

  private static InputException none(Source source, String found) {
    return source.error("data.path", "must hold episodes, " + EpisodeName.FORMS + ": " + found);
  }

  private static List<Path> entries(Path folder, Source source) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> !isHidden(entry))
          .sorted(Comparator.comparing(Path::toString))
          .toList();
    } catch (IOException unreadable) {
      throw unreadable(source, unreadable);
    }
  }

  private static Found below(Path folder, Source source) {
    try (Stream<Path> tree = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      List<Path> files = tree.filter(Files::isRegularFile).toList();
      List<Path> episodes =
          files.stream()
              .filter(file -> isEpisode(file) && !isHiddenBelow(folder, file))
              .sorted(
                  Comparator.comparing((Path file) -> file.getParent().toString())
                      .thenComparing(
                          file -> EpisodeName.of(file).map(EpisodeName::index).orElse(-1L))
                      .thenComparing(Path::toString))
              .toList();
      return new Found(episodes, files.size() - episodes.size());
    } catch (IOException unreadable) {
      throw unreadable(source, unreadable);
    } catch (UncheckedIOException unreadable) {
      throw unreadable(source, unreadable.getCause());
    }
  }

  private static boolean isEpisode(Path file) {
    return file.getFileName().toString().endsWith(ENDING);
  }

  private static boolean isHidden(Path file) {
    return file.getFileName().toString().startsWith(".");
  }

  private static boolean isHiddenBelow(Path folder, Path file) {
    for (Path name : folder.relativize(file)) {
      if (name.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private static InputException unreadable(Source source, IOException reason) {
    return source.error("data.path", "folder cannot be read: " + reason.getMessage());
  }
}
