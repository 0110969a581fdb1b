package ringattention.huggingface;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ringattention.file.DurableFile;
import ringattention.input.InputException;

/**
 * The folder of an exported model, which an earlier part of the run may have written: {@code NAME}
 * once it is whole, {@code NAME.partial} while it is being written, {@code NAME.replaced} for the
 * moment in which a newer model takes its place. Whenever the run is killed, {@link #settle} makes
 * one of the two whole models {@code NAME}, and the next export goes on from there.
 */
public record ExportFolder(Path path) {
  /**
   * Files that belong to the export, whatever they hold. Of all others {@link ExportRecord} says
   * which it has written; what is left is the user's, and so is a file that he has changed.
   */
  private static final Pattern EXPORTED =
      Pattern.compile(
          "config\\.json|model(-\\d{5,}-of-\\d{5,})?\\.safetensors|model\\.safetensors\\.index\\.json");

  Path partial() {
    return path.resolveSibling(path.getFileName() + ".partial");
  }

  Path replaced() {
    return path.resolveSibling(path.getFileName() + ".replaced");
  }

  /**
   * Demands that whatever has its names was left by an export, or is an empty folder: an export
   * removes it.
   *
   * @throws InputException naming what is in the way
   */
  public void requireOwn() {
    for (Path taken : List.of(path, partial(), replaced())) {
      if (Files.exists(taken) && !isExport(taken)) {
        throw new InputException(
            taken
                + ": is in the way: it is no model that was exported (holds no "
                + ExportRecord.NAME
                + "), and is not overwritten");
      }
    }
  }

  private static boolean isExport(Path folder) {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return Files.isRegularFile(folder.resolve(ExportRecord.NAME)) || entries.findAny().isEmpty();
    } catch (IOException unreadable) {
      return false;
    }
  }

  /** Ends what a killed run left, and removes what it had not finished. */
  void settle() throws IOException {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new NotDirectoryException(path.toString());
    }
    if (Files.exists(replaced()) && !Files.exists(path)) {
      Files.move(replaced(), path, StandardCopyOption.ATOMIC_MOVE);
    }
    retire();
    DurableFile.deleteFolder(partial());
  }

  /**
   * Gives the partial folder, all of it on disk, its name; the model that had it is removed.
   *
   * @return names of files of the user's that stand in place of what was exported
   */
  List<String> publish() throws IOException {
    DurableFile.syncFolder(partial());
    if (Files.exists(path)) {
      Files.move(path, replaced(), StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(partial(), path, StandardCopyOption.ATOMIC_MOVE);
    DurableFile.syncFolder(path.toAbsolutePath().getParent());
    return retire();
  }

  /**
   * Removes the older model, if there is one; what is the user's moves to the newer, in place of
   * what that has of the same name. Returns the names of such.
   */
  private List<String> retire() throws IOException {
    List<String> instead = new ArrayList<>();
    if (!Files.exists(replaced())) {
      return instead;
    }
    ExportRecord older = ExportRecord.read(replaced());
    List<Path> entries;
    try (Stream<Path> all = Files.list(replaced())) {
      entries = new ArrayList<>(all.toList());
    }
    Path record = replaced().resolve(ExportRecord.NAME);
    if (entries.remove(record)) {
      entries.add(record); // last: until then it says whose the others are
    }
    for (Path entry : entries) {
      String name = entry.getFileName().toString();
      boolean own = EXPORTED.matcher(name).matches() || entry.equals(record) || older.wrote(entry);
      Path kept = path.resolve(name);
      if (own) {
        delete(entry);
      } else {
        if (Files.exists(kept)) {
          instead.add(name);
          delete(kept);
        }
        Files.move(entry, kept, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    Files.delete(replaced());
    return instead;
  }

  private static void delete(Path entry) throws IOException {
    if (Files.isDirectory(entry)) {
      DurableFile.deleteFolder(entry);
    } else {
      Files.deleteIfExists(entry);
    }
  }
}
