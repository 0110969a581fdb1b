package ringattention.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import ringattention.file.DurableFile;
import ringattention.file.FileEntry;
import ringattention.input.InputException;

/**
 * {@code checkpoint.json}: what a checkpoint is and which files it has.
 *
 * @param format 3; 2 has whole parameters only; 1 has no contents, no choices, no updates and
 *     skipped steps, single precision
 * @param seed of the run, {@code train.seed}
 * @param randomState where the state of random numbers is, in words
 * @param program name and version that wrote it
 * @param git of the program
 * @param ranks that wrote it, one file each
 * @param model section {@code [model]} of the input, every value
 * @param contents see {@link Origin#contents}
 * @param choices see {@link Origin#choices}
 * @param files all others but DONE; the files of the ranks come first, in rank order
 * @param checksum CRC32C of this file with zeros in place of these 8 digits
 */
record Manifest(
    int format,
    TrainingPosition position,
    long seed,
    String randomState,
    String program,
    String git,
    int ranks,
    Map<String, Object> model,
    Map<String, Map<String, String>> contents,
    Map<String, String> choices,
    List<FileEntry> files,
    String checksum) {
  static final String NAME = "checkpoint.json";
  static final int FORMAT = 3;
  static final String NO_CHECKSUM = "00000000";

  private static final Pattern CHECKSUM =
      Pattern.compile("(?<=\"checksum\" : \")[0-9a-f]{8}(?=\")");

  /** Returns the bytes of all files. */
  long bytes() {
    return files.stream().mapToLong(FileEntry::bytes).sum();
  }

  /** Writes the file, its checksum filled in. */
  void write(Path folder) throws IOException {
    String text = new JsonRecords().document(this);
    DurableFile.write(folder.resolve(NAME), CHECKSUM.matcher(text).replaceFirst(checksum(text)));
  }

  /**
   * @throws InputException if there is no such file, or it is not what was written
   */
  static Manifest read(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      String text = Files.readString(file);
      Matcher found = CHECKSUM.matcher(text);
      if (!found.find() || !found.group().equals(checksum(found.replaceFirst(NO_CHECKSUM)))) {
        throw new InputException(file + ": corrupted: its checksum does not fit");
      }
      Manifest manifest = new JsonRecords().read(text, Manifest.class, Manifest::complete);
      if (manifest.format < 1 || manifest.format > FORMAT) {
        throw new InputException(
            file + ": is of format " + manifest.format + ", this program reads up to " + FORMAT);
      }
      return manifest;
    } catch (NoSuchFileException missing) {
      throw new InputException(file + ": missing");
    } catch (JsonProcessingException e) {
      throw new InputException(file + ": is not a checkpoint of this program");
    } catch (IOException e) { // also bytes that are no text
      throw new InputException(file + ": cannot be read: " + e.getMessage());
    }
  }

  /**
   * Format 1 counted steps without an update as updates, and did not save how many there were.
   * Checkpoints of before there were curricula do not say how far they came: not beyond the start.
   */
  private static void complete(ObjectNode older) {
    if (older.get("position") instanceof ObjectNode position) {
      JsonRecords.add(position, "curriculum", CurriculumPosition.START);
    }
    if (older.path("format").asInt() == 1 && older.get("position") instanceof ObjectNode position) {
      JsonRecords.add(position, "updates", position.path("step").asLong());
      JsonRecords.add(position, "skipped", 0);
      JsonRecords.add(older, "contents", Map.of());
      JsonRecords.add(older, "choices", Map.of());
    }
  }

  private static String checksum(String text) {
    CRC32C checksum = new CRC32C();
    checksum.update(text.getBytes(UTF_8));
    return FileEntry.hex(checksum);
  }
}
