package ringattention.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import ringattention.input.InputException;

/**
 * One file of a checkpoint.
 *
 * @param crc32c of the whole file, 8 hexadecimal digits
 */
public record FileEntry(String name, long bytes, String crc32c) {
  private static final int BUFFER = 1 << 22; // bytes

  public static String hex(Checksum checksum) {
    return String.format("%08x", checksum.getValue());
  }

  /**
   * Reads the whole file.
   *
   * @throws InputException if it is missing, or not what was written
   */
  public void verify(Path folder) {
    Path file = folder.resolve(name);
    CRC32C checksum = new CRC32C();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() != bytes) {
        throw new InputException(
            file + ": truncated or grown: has " + channel.size() + " bytes, had " + bytes);
      }
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
      while (channel.read(buffer) >= 0) {
        checksum.update(buffer.flip());
        buffer.clear();
      }
    } catch (NoSuchFileException missing) {
      throw new InputException(file + ": missing");
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: " + e.getMessage());
    }
    if (!hex(checksum).equals(crc32c)) {
      throw new InputException(
          file + ": corrupted: its checksum is " + hex(checksum) + ", was " + crc32c);
    }
  }
}
