package ringattention.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The head of an array in NumPy's format 1.0 or 2.0: six bytes, a version, a length of 2 or 4 bytes
 * and a dictionary of Python with type, order and shape, padded to a multiple of 64 bytes.
 *
 * @param shape lengths, none negative
 * @param headBytes of the head itself
 */
record NpyHeader(NpyType type, long[] shape, int headBytes) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST = 1 << 16; // bytes of a dictionary
  private static final int ALIGNMENT = 64;
  private static final int MOST_DIMENSIONS = 32; // as NumPy
  private static final Pattern OBJECT = Pattern.compile("'\\|?O\\d?'");
  private static final Pattern ITEM = // possessive: no text makes it slow
      Pattern.compile("\\s*+'(\\w++)'\\s*+:\\s*+('[^']*+'|\\([^()]*+\\)|\\w++)\\s*+,?+\\s*+");
  private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

  /**
   * Reads a head; reads nothing behind it.
   *
   * @throws IOException with a reason if it is none, or the array is of a kind that is not read:
   *     objects of Python, records, columns first, the highest byte first
   */
  static NpyHeader read(InputStream in) throws IOException {
    byte[] start = in.readNBytes(MAGIC.length + 2);
    if (start.length < MAGIC.length + 2
        || !Arrays.equals(Arrays.copyOf(start, MAGIC.length), MAGIC)) {
      throw new IOException("is no array of NumPy (.npy)");
    }
    int version = start[MAGIC.length];
    if (version != 1 && version != 2) {
      throw new IOException("has version " + version + " of NumPy's format, which must be 1 or 2");
    }
    byte[] lengthBytes = in.readNBytes(version == 1 ? 2 : 4);
    long length = 0;
    for (int i = lengthBytes.length - 1; i >= 0; i--) {
      length = length << 8 | Byte.toUnsignedInt(lengthBytes[i]);
    }
    if (length > LONGEST) {
      throw new IOException("has a head of " + length + " bytes, more than " + LONGEST);
    }
    byte[] dictionary = in.readNBytes((int) length);
    if (lengthBytes.length < (version == 1 ? 2 : 4) || dictionary.length < length) {
      throw new EOFException("ends within its head");
    }
    int bytes = start.length + lengthBytes.length + dictionary.length;
    return parse(new String(dictionary, ISO_8859_1), bytes);
  }

  private static NpyHeader parse(String dictionary, int bytes) throws IOException {
    if (OBJECT.matcher(dictionary).find()) {
      throw new IOException(
          "holds objects of Python (a pickle), which are never read: store numbers");
    }
    Map<String, String> items = items(dictionary);
    if (!items.keySet().equals(Set.of("descr", "fortran_order", "shape"))) {
      throw strange(dictionary);
    }
    if (items.get("fortran_order").equals("True")) {
      throw new IOException(
          "is stored columns first (Fortran order): use numpy.ascontiguousarray before saving");
    }
    String type = items.get("descr");
    NpyType known =
        NpyType.of(type.replace("'", ""))
            .orElseThrow(
                () ->
                    new IOException(
                        "has numbers of type "
                            + type
                            + ", which must be one of "
                            + Arrays.toString(NpyType.values())));
    if (!items.get("fortran_order").equals("False")) {
      throw strange(dictionary);
    }
    return new NpyHeader(known, shape(items.get("shape"), dictionary), bytes);
  }

  /** Returns what a dictionary of texts, tuples and words has; nothing if it is none. */
  private static Map<String, String> items(String dictionary) {
    String text = dictionary.strip();
    if (!text.startsWith("{") || !text.endsWith("}")) {
      return Map.of();
    }
    Map<String, String> items = new HashMap<>();
    Matcher item = ITEM.matcher(text).region(1, text.length() - 1);
    while (item.lookingAt()) {
      items.put(item.group(1), item.group(2));
      item.region(item.end(), text.length() - 1);
    }
    return item.regionStart() == text.length() - 1 ? items : Map.of();
  }

  private static long[] shape(String tuple, String dictionary) throws IOException {
    if (!tuple.startsWith("(")) {
      throw strange(dictionary);
    }
    String inner = tuple.substring(1, tuple.length() - 1).strip();
    String[] parts = inner.isEmpty() ? new String[0] : inner.split(","); // one comma may be last
    if (parts.length > MOST_DIMENSIONS) {
      throw new IOException("has " + parts.length + " dimensions");
    }
    long[] lengths = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      String part = parts[i].strip();
      if (!LENGTH.matcher(part).matches()) {
        throw strange(dictionary);
      }
      lengths[i] = Long.parseLong(part);
    }
    return lengths;
  }

  private static IOException strange(String dictionary) {
    return new IOException("has a head that is not read: " + shown(dictionary));
  }

  private static String shown(String dictionary) {
    String text = dictionary.replaceAll("[^\\x20-\\x7e]", "?").strip();
    return text.length() > 200 ? text.substring(0, 200) + "..." : text;
  }

  /** Returns the bytes of the numbers; {@link Long#MAX_VALUE} where no long holds them. */
  long dataBytes() {
    long bytes = type.bytes();
    try {
      for (long length : shape) {
        bytes = Math.multiplyExact(bytes, length);
      }
      return bytes;
    } catch (ArithmeticException tooMany) {
      return Long.MAX_VALUE;
    }
  }

  /** Returns the shape as ints, which a size that was checked allows. */
  int[] intShape() {
    return Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
  }

  /** Returns the head of an array, as NumPy writes it. */
  static byte[] of(NpyArray array) {
    String dictionary =
        "{'descr': '"
            + array.type()
            + "', 'fortran_order': False, 'shape': "
            + text(array.shape())
            + ", }";
    int before = MAGIC.length + 2 + 2;
    int padded = (before + dictionary.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    byte[] head = Arrays.copyOf(MAGIC, padded);
    head[MAGIC.length] = 1;
    head[MAGIC.length + 2] = (byte) (padded - before);
    head[MAGIC.length + 3] = (byte) (padded - before >> 8);
    Arrays.fill(head, before, padded, (byte) ' ');
    System.arraycopy(dictionary.getBytes(ISO_8859_1), 0, head, before, dictionary.length());
    head[padded - 1] = '\n';
    return head;
  }

  /** Returns a tuple as Python writes it: {@code (3,)}, {@code (3, 4)}. */
  static String text(int[] shape) {
    return Arrays.stream(shape)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", ", "(", shape.length == 1 ? ",)" : ")"));
  }
}
