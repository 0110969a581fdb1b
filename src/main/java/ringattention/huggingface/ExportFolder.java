package ringattention.huggingface;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ringattention.file.DurableFile;

/**
 * The folder of an exported model, which an earlier part of the run may have written: {@code NAME}
 * once it is whole, {@code NAME.partial} while it is being written, {@code NAME.replaced} for the
 * moment in which a newer model takes its place. Whenever the run is killed, {@link #settle} makes
 * one of the two whole models {@code NAME}, and the next export goes on from there.
 */
public record ExportFolder(Path path) {
  /** What an export writes; all else in the folder is the user's, a tokenizer for example. */
  private static final Pattern EXPORTED =
      Pattern.compile(
          "config\\.json|model(-\\d{5,}-of-\\d{5,})?\\.safetensors|model\\.safetensors\\.index\\.json");

  Path partial() {
    return path.resolveSibling(path.getFileName() + ".partial");
  }

  Path replaced() {
    return path.resolveSibling(path.getFileName() + ".replaced");
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

  /** Gives the partial folder, all of it on disk, its name; the model that had it is removed. */
  void publish() throws IOException {
    DurableFile.syncFolder(partial());
    if (Files.exists(path)) {
      Files.move(path, replaced(), StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(partial(), path, StandardCopyOption.ATOMIC_MOVE);
    DurableFile.syncFolder(path.toAbsolutePath().getParent());
    retire();
  }

  /** Removes the older model, if there is one; what the user put there moves to the newer. */
  private void retire() throws IOException {
    if (!Files.exists(replaced())) {
      return;
    }
    List<Path> entries;
    try (Stream<Path> all = Files.list(replaced())) {
      entries = all.toList();
    }
    for (Path entry : entries) {
      Path kept = path.resolve(entry.getFileName());
      boolean exported = EXPORTED.matcher(entry.getFileName().toString()).matches();
      if (!exported && !Files.exists(kept)) {
        Files.move(entry, kept, StandardCopyOption.ATOMIC_MOVE);
      } else if (Files.isDirectory(entry)) {
        DurableFile.deleteFolder(entry);
      } else {
        Files.delete(entry);
      }
    }
    Files.delete(replaced());
  }
}
