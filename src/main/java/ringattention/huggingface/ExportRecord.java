package ringattention.huggingface;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import ringattention.file.FileEntry;
import ringattention.input.BoundedFile;

/**
 * {@code ringattention_export.json}: marks a folder as an export, and says which of the small files
 * in it the export has written. So a file that a user has added or changed is known as his.
 *
 * @param files CRC32C of each, by name; of the weights, their index and config.json nothing is
 *     said: they belong to the export
 */
record ExportRecord(Map<String, String> files) {
  static final String NAME = "ringattention_export.json";

  private static final int LARGEST = 1; // MiB
  private static final int LARGEST_FILE = 256; // MiB, of a tokenizer

  /** Of a folder that has no such file, or one that cannot be read. */
  private static final ExportRecord NONE = new ExportRecord(Map.of());

  ExportRecord {
    files = new TreeMap<>(files);
  }

  static ExportRecord of(Map<String, byte[]> contents) {
    Map<String, String> files = new TreeMap<>();
    contents.forEach((name, bytes) -> files.put(name, checksum(bytes)));
    return new ExportRecord(files);
  }

  static ExportRecord read(Path folder) {
    try {
      byte[] bytes = BoundedFile.bytes(folder.resolve(NAME), LARGEST);
      return new ExportRecord(new ObjectMapper().readValue(bytes, new TypeReference<>() {}));
    } catch (IOException none) {
      return NONE;
    }
  }

  /** Whether a file is as the export has written it. */
  boolean wrote(Path file) throws IOException {
    String expected = files.get(file.getFileName().toString());
    return expected != null
        && Files.isRegularFile(file)
        && Files.size(file) <= (long) LARGEST_FILE << 20
        && expected.equals(checksum(Files.readAllBytes(file)));
  }

  byte[] bytes() throws IOException {
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(files);
  }

  private static String checksum(byte[] bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    return FileEntry.hex(checksum);
  }
}
