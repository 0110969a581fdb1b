package ringattention.data;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The bytes of a zstd file without its skippable frames (RFC 8878, 3.1.2), which the library that
 * unpacks it does not know; parallel packers write them. Bytes that are no zstd pass as they are,
 * for the library to say so.
 */
final class ZstdFrames extends FilterInputStream {
  private static final int MAGIC = 0xfd2fb528;
  private static final int SKIPPABLE = 0x184d2a50; // and the 15 numbers behind it
  private static final int RUN_LENGTH = 1; // type of a block that has one byte, whatever its size

  private enum Next {
    FRAME,
    BLOCK,
    ANYTHING
  }

  private Next next = Next.FRAME;
  private boolean checksum; // behind the last block of the frame
  private byte[] head = {}; // read ahead, to be given first
  private int given; // of the head
  private long passing; // bytes to be given as they are

  ZstdFrames(InputStream bytes) {
    super(bytes);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int count) throws IOException {
    if (given == head.length && passing == 0 && !advance()) {
      return -1;
    }
    if (given < head.length) {
      int part = Math.min(count, head.length - given);
      System.arraycopy(head, given, into, from, part);
      given += part;
      return part;
    }
    int part = in.read(into, from, (int) Math.min(count, passing));
    passing -= Math.max(0, part);
    return part;
  }

  /** Reads the next header; returns false at the end of the file. */
  private boolean advance() throws IOException {
    switch (next) {
      case FRAME -> frame();
      case BLOCK -> block();
      case ANYTHING -> passing = Long.MAX_VALUE;
    }
    return given < head.length || passing > 0;
  }

  private void frame() throws IOException {
    byte[] magic = in.readNBytes(4);
    while (magic.length == 4 && (number(magic) & ~0xf) == SKIPPABLE) {
      in.skipNBytes(Integer.toUnsignedLong(number(in.readNBytes(4))));
      magic = in.readNBytes(4);
    }
    if (magic.length == 0) { // the end
      return;
    }
    byte[] descriptor = magic.length == 4 && number(magic) == MAGIC ? in.readNBytes(1) : magic;
    if (descriptor == magic || descriptor.length == 0) {
      head(magic);
      next = Next.ANYTHING;
      return;
    }
    boolean single = (descriptor[0] & 0x20) != 0;
    checksum = (descriptor[0] & 0x04) != 0;
    int sizeFlag = descriptor[0] >>> 6 & 3;
    int fields = (single ? 0 : 1) + new int[] {0, 1, 2, 4}[descriptor[0] & 3];
    fields += sizeFlag == 0 ? (single ? 1 : 0) : 1 << sizeFlag;
    byte[] whole = Arrays.copyOf(magic, 5);
    whole[4] = descriptor[0];
    head(whole);
    passing = fields;
    next = Next.BLOCK;
  }

  private void block() throws IOException {
    byte[] header = in.readNBytes(3);
    head(header);
    if (header.length < 3) {
      next = Next.ANYTHING;
      return;
    }
    int bits = number(Arrays.copyOf(header, 4));
    passing = (bits >>> 1 & 3) == RUN_LENGTH ? 1 : bits >>> 3;
    if ((bits & 1) != 0) { // the last
      passing += checksum ? 4 : 0;
      next = Next.FRAME;
    }
  }

  private void head(byte[] bytes) {
    head = bytes;
    given = 0;
  }

  private static int number(byte[] bytes) throws IOException {
    if (bytes.length < 4) {
      throw new EOFException("a skippable frame without its size");
    }
    return bytes[0] & 0xff | (bytes[1] & 0xff) << 8 | (bytes[2] & 0xff) << 16 | bytes[3] << 24;
  }
}
