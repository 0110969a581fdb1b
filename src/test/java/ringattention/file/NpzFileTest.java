package ringattention.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.InputException;

class NpzFileTest {
  private static final Path RESOURCES = Path.of("src/test/resources/npz");
  private static final long LIMIT = 1 << 20;
  private static final long GIB = 1L << 30;

  @TempDir Path folder;

  @Test
  void arraysThatNumpyWroteAreRead() {
    try (NpzFile file = new NpzFile(RESOURCES.resolve("episode_000007_3.npz"))) {
      assertEquals(
          List.of("observation", "action", "reward", "discount", "physics"),
          List.copyOf(file.keys()));
      NpyArray action = file.read("action", LIMIT);
      assertEquals("<f4 (4, 2)", action.toString());
      assertArrayEquals(new float[] {0, 0, .5f, -.5f, 1, -1, .25f, 0}, action.floats());
      NpyArray physics = file.read("physics", LIMIT);
      assertEquals("<f8 (4, 2)", physics.toString());
      assertArrayEquals(
          new double[] {0, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3, 7e-3}, physics.doubles());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "b, 1 0",
    "i1, -3",
    "u1, 200",
    "i2, -300",
    "i4, -70000 1",
    "i8, 1099511627776",
    "f4, 1.5",
    "f8, ''"
  })
  void everyTypeOfNumbersIsRead(String key, String numbers) {
    double[] expected =
        numbers.isEmpty()
            ? new double[0]
            : Arrays.stream(numbers.split(" ")).mapToDouble(Double::parseDouble).toArray();
    try (NpzFile file = new NpzFile(RESOURCES.resolve("types.npz"))) {
      assertArrayEquals(expected, file.read(key, LIMIT).doubles());
    }
  }

  @Test
  void aSingleArrayOfVersion2IsRead() {
    NpyArray array = NpzFile.npy(RESOURCES.resolve("version2.npy"), LIMIT);
    assertEquals("<f8 (2,)", array.toString());
    assertArrayEquals(new double[] {1, 2}, array.doubles());
  }

  @ParameterizedTest
  @CsvSource({
    "object.npz, bad.npy holds objects of Python",
    "record.npz, r.npy holds objects of Python",
    "fortran.npz, f.npy is stored columns first",
    "big.npz, x.npy has numbers of type '>f4'",
    "nothing.npz, missing",
    "version2.npy, cannot be read as .npz"
  })
  void whatIsNotReadIsRefusedByName(String name, String message) {
    Path path = RESOURCES.resolve(name);
    refused(path, message);
  }

  /** Also where nobody asks for the array. */
  @Test
  void objectsAreRefusedOnOpening() {
    Path path = RESOURCES.resolve("object.npz");
    String told = assertThrows(InputException.class, () -> new NpzFile(path).close()).getMessage();
    assertTrue(told.startsWith(path + ": bad.npy holds objects of Python"), told);
  }

  @Test
  void headsTellShapes() {
    try (NpzFile file = new NpzFile(RESOURCES.resolve("types.npz"))) {
      assertArrayEquals(new long[] {1, 2}, file.shape("i4"));
      assertArrayEquals(new long[0], file.shape("f4"));
    }
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    Path path = folder.resolve("a.npz");
    NpzWriter.write(path, arrays());
    try (NpzFile file = new NpzFile(path)) {
      assertEquals(List.of("f", "d", "n", "e"), List.copyOf(file.keys()));
      assertArrayEquals(new float[] {1.5f, -2, 3, 4, 5, 6}, file.read("f", LIMIT).floats());
      assertArrayEquals(new int[] {2, 3}, file.read("f", LIMIT).shape());
      assertArrayEquals(new double[] {Math.PI}, file.read("d", LIMIT).doubles());
      assertArrayEquals(new double[] {-1, 1L << 40}, file.read("n", LIMIT).doubles());
      assertEquals(0, file.read("e", LIMIT).size());
    }
    Path again = folder.resolve("b.npz");
    NpzWriter.write(again, arrays());
    assertEquals(-1, Files.mismatch(path, again), "the same arrays, other bytes");
    try (var left = Files.list(folder)) {
      assertEquals(2, left.count(), "a partial file is left");
    }
  }

  private static Map<String, NpyArray> arrays() {
    Map<String, NpyArray> arrays = new LinkedHashMap<>();
    arrays.put("f", NpyArray.of(new float[] {1.5f, -2, 3, 4, 5, 6}, 2, 3));
    arrays.put("d", NpyArray.of(new double[] {Math.PI}, 1));
    arrays.put("n", NpyArray.of(new long[] {-1, 1L << 40}, 2));
    arrays.put("e", NpyArray.of(new float[0], 0, 5));
    return arrays;
  }

  @Test
  void numpyReadsWhatIsWritten() throws Exception {
    assumeTrue(hasNumpy(), "no python3 with numpy");
    Path path = folder.resolve("a.npz");
    NpzWriter.write(path, arrays());
    Process process =
        new ProcessBuilder(
                "python3",
                "-c",
                "import numpy, sys; z = numpy.load(sys.argv[1])\n"
                    + "for k in z: print(k, z[k].dtype.str, z[k].shape, z[k].tolist(), flush=True)",
                path.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
    assertEquals(0, process.waitFor(), output);
    assertEquals(
        """
        f <f4 (2, 3) [[1.5, -2.0, 3.0], [4.0, 5.0, 6.0]]
        d <f8 (1,) [3.141592653589793]
        n <i8 (2,) [-1, 1099511627776]
        e <f4 (0, 5) []
        """,
        output);
  }

  private static boolean hasNumpy() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "-c", "import numpy").start().waitFor() == 0;
    } catch (IOException none) {
      return false;
    }
  }

  /** A head of NumPy of 128 bytes. */
  private static byte[] head(String dictionary) {
    byte[] head = new byte[128];
    Arrays.fill(head, (byte) ' ');
    System.arraycopy("\u0093NUMPY\u0001\u0000\u0076\u0000".getBytes(ISO_8859_1), 0, head, 0, 10);
    byte[] text = dictionary.getBytes(ISO_8859_1);
    System.arraycopy(text, 0, head, 10, text.length);
    head[127] = '\n';
    return head;
  }

  private static byte[] floats(String shape, int bytes) {
    byte[] head = head("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }");
    return Arrays.copyOf(head, head.length + bytes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "(3,) | 8 | has 136 bytes, not the 140 that its type and shape need",
        "(3,) | 16 | has 144 bytes, not the 140",
        "(25000000000,) | 12 | has 100000000000 bytes of numbers, more than the 1048576",
        "(9999999999, 9999999999, 99) | 12 | has more than 2^63 bytes of numbers",
        "(262145,) | 12 | has 1048580 bytes of numbers, more than the 1048576",
        "(-3,) | 12 | has a head that is not read",
        "(3.0,) | 12 | has a head that is not read",
        "3 | 12 | has a head that is not read",
        "(3,), 'more': 1 | 12 | has a head that is not read",
        "__import__('os') | 12 | has a head that is not read"
      })
  void aShapeThatDoesNotSuitIsRefused(String shape, int bytes, String message) throws IOException {
    byte[] array = floats(shape, bytes);
    refused(zip("x.npy", array, array.length, 0), "x.npy " + message);
  }

  @Test
  void aHeadThatIsCutOrHugeIsRefused() throws IOException {
    byte[] whole = floats("(0,)", 0);
    for (int length : new int[] {0, 5, 8, 9, 60}) {
      byte[] cut = Arrays.copyOf(whole, length);
      refused(
          zip("x.npy", cut, cut.length, 0), length < 8 ? "is no array" : "ends within its head");
    }
    byte[] huge = whole.clone();
    huge[6] = 2;
    huge[11] = 0x7f; // 2 GB of a dictionary
    refused(zip("x.npy", huge, huge.length, 0), "x.npy has a head of ");
    byte[] deep = Arrays.copyOf(whole, 65_000);
    Arrays.fill(deep, 10, deep.length, (byte) '\'');
    deep[8] = (byte) (64_990 & 255);
    deep[9] = (byte) (64_990 >> 8);
    refused(zip("x.npy", deep, deep.length, 0), "x.npy has a head that is not read");
  }

  /** The bytes are packed well and honestly, but there are too many of them. */
  @Test
  void anHonestBombIsRefused() throws IOException {
    byte[] array = floats("(67108832,)", 1 << 28);
    refused(zip("x.npy", array, array.length, 0), "x.npy has 268435328 bytes of numbers");
  }

  /** The zip says 1 KiB, and 64 MiB would come out of it. */
  @Test
  void anEntryThatYieldsMoreThanItSaysIsRefused() throws IOException {
    byte[] array = floats("(224,)", 1 << 26);
    refused(zip("x.npy", array, 1024, 0), "x.npy has more bytes than its type and shape need");
  }

  @Test
  void anEntryThatClaims100GigabytesIsRefused() throws IOException {
    byte[] array = floats("(3,)", 12);
    refused(zip("x.npy", array, 100 * GIB, 0), "x.npy says it has 107374182400 bytes, which ");
  }

  /** Sizes of 8 bytes in the extra field, as NumPy writes them in local heads. */
  @Test
  void aZip64EntryIsRead() throws IOException {
    byte[] array = floats("(3,)", 12);
    try (NpzFile file = new NpzFile(zip("x.npy", array, array.length, 64))) {
      assertArrayEquals(new float[3], file.read("x", LIMIT).floats());
    }
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    byte[] good = Files.readAllBytes(RESOURCES.resolve("episode_000007_3.npz"));
    Path path = folder.resolve("damaged.npz");
    for (int length = 0; length < good.length; length += 97) {
      Files.write(path, Arrays.copyOf(good, length));
      refused(path, "cannot be read as .npz");
    }
    byte[] array = floats("(3,)", 12);
    byte[] zip = Files.readAllBytes(zip("x.npy", array, array.length, 0));
    // the checksum in the central directory
    int central = new String(zip, ISO_8859_1).indexOf("PK\u0001\u0002");
    zip[central + 16] ^= 1;
    Files.write(path, zip);
    refused(path, "x.npy is corrupted: its checksum");
  }

  @Test
  void everyChangedByteIsReadOrRefusedInOneLine() throws IOException {
    byte[] good = Files.readAllBytes(RESOURCES.resolve("episode_000007_3.npz"));
    Path path = folder.resolve("changed.npz");
    int refused = 0;
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 0x55;
      Files.write(path, bad);
      try {
        readAll(path);
      } catch (InputException e) {
        assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > good.length / 4, refused + " of " + good.length);
  }

  private static void refused(Path path, String message) {
    String told = assertThrows(InputException.class, () -> readAll(path)).getMessage();
    assertTrue(told.startsWith(path + ": ") && told.contains(message), told);
    assertEquals(1, told.lines().count(), told);
  }

  private static void readAll(Path path) {
    try (NpzFile file = new NpzFile(path)) {
      file.keys().forEach(key -> file.read(key, LIMIT));
    }
  }

  /**
   * Writes a zip of one deflated entry.
   *
   * @param told bytes that it says the entry has
   * @param extra 64: sizes stand in the extra field of zip64
   */
  private Path zip(String name, byte[] content, long told, int extra) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(content);
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    deflater.setInput(content);
    deflater.finish();
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    byte[] part = new byte[1 << 16];
    while (!deflater.finished()) {
      packed.write(part, 0, deflater.deflate(part));
    }
    deflater.end();
    boolean large = extra == 64 || told > 0xFFFFFFFFL;
    ByteBuffer out = ByteBuffer.allocate(packed.size() + 400).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0x04034b50).putShort((short) 45).putShort((short) 0).putShort((short) 8).putInt(0);
    out.putInt((int) checksum.getValue()).putInt(-1).putInt(-1);
    out.putShort((short) name.length()).putShort((short) 20).put(name.getBytes(ISO_8859_1));
    out.putShort((short) 1).putShort((short) 16).putLong(told).putLong(packed.size());
    out.put(packed.toByteArray());
    int central = out.position();
    out.putInt(0x02014b50).putShort((short) 45).putShort((short) 45).putShort((short) 0);
    out.putShort((short) 8).putInt(0).putInt((int) checksum.getValue());
    out.putInt(large ? -1 : packed.size()).putInt(large ? -1 : (int) told);
    out.putShort((short) name.length()).putShort((short) (large ? 20 : 0)).putShort((short) 0);
    out.putShort((short) 0).putShort((short) 0).putInt(0).putInt(0);
    out.put(name.getBytes(ISO_8859_1));
    if (large) {
      out.putShort((short) 1).putShort((short) 16).putLong(told).putLong(packed.size());
    }
    int end = out.position();
    out.putInt(0x06054b50).putShort((short) 0).putShort((short) 0).putShort((short) 1);
    out.putShort((short) 1).putInt(end - central).putInt(central).putShort((short) 0);
    Path path = Files.createTempFile(folder, "made", ".npz");
    Files.write(path, Arrays.copyOf(out.array(), out.position()));
    return path;
  }
}
