package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.InputException;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;

/** One line with file and tensor for every folder that is not the model it should be. */
class BadFolderTest {
  private static final List<ParameterGroup> GROUPS =
      List.of(
          new ParameterGroup(
              "all",
              List.of(
                  new Parameter("a", Parameter.Initial.NORMAL, 2, 3),
                  new Parameter("b", Parameter.Initial.ONES, 5))));

  private static final String A = "'a':{'dtype':'BF16','shape':[2,3],'data_offsets':[0,12]}";
  private static final String B = "'b':{'dtype':'F32','shape':[5],'data_offsets':[12,32]}";
  private static final String GOOD = "{" + A + "," + B + "}";
  private static final int DATA = 32;

  @TempDir Path folder;

  private void write(String file, String header, int dataBytes) throws IOException {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes);
    bytes.order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json);
    Files.write(folder.resolve(file), bytes.array());
  }

  private void index(String weightMap) throws IOException {
    String text = ("{'metadata':{},'weight_map':" + weightMap + "}").replace('\'', '"');
    Files.writeString(folder.resolve("model.safetensors.index.json"), text);
  }

  private void open(boolean tied) {
    HuggingFaceFolder.open(folder, GROUPS, tied).close();
  }

  private void assertRefused(String message) {
    InputException error = assertThrows(InputException.class, () -> open(false));
    assertFalse(error.getMessage().contains("\n"), error.getMessage());
    assertEquals(folder + "/" + message, error.getMessage());
  }

  /** Parts of the good header are replaced. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          'b': | 'c': | tensor b is missing
          [2,3] | [3,2] | tensor a has shape [3, 2], must have [2, 3]
          [5] | [5,1] | tensor b has shape [5, 1], must have [5]
          'F32' | 'I32' | tensor b has type I32, must be F32 or BF16 or F16
          'BF16','shape':[2,3] | 'I8','shape':[2,6] | tensor a has shape [2, 6], must have [2, 3]
          'BF16' | 'I16' | tensor a has type I16, must be F32 or BF16 or F16
          'BF16' | 'Q4' | tensor a has type "Q4", which is unknown
          'BF16' | 7 | tensor a has type 7, which is unknown
          'BF16' | 'F32' | tensor a F32 [2, 3] is 24 bytes, but its data_offsets are [0, 12]
          [12,32] | [8,28] | tensor b overlaps with a: corrupted
          [12,32] | [16,36] | tensor b leaves a hole after a: corrupted
          [0,12] | [4,16] | tensor a leaves a hole after the header: corrupted
          [12,32] | [32,12] | tensor b F32 [5] is 20 bytes, but its data_offsets are [32, 12]
          [12,32] | [-20,0] | tensor b has data_offsets [-20,0], not whole numbers in an array
          [12,32] | [12] | tensor b needs two data_offsets, has [12]
          [12,32] | 12 | tensor b has data_offsets 12, not whole numbers in an array
          [5] | [2.5,2] | tensor b has shape [2.5,2], not whole numbers in an array
          [5] | null | tensor b has shape null, not whole numbers in an array
          'shape':[5], | `` | tensor b has no shape
          [5] | [5000000000,5000000000] | tensor b is too large: F32 [5000000000, 5000000000]
          'b': | 'b\\n': | corrupted: the name of a tensor holds control characters
          }} | } | corrupted: its header is not JSON of tensors
          }} | }}{} | corrupted: its header is not JSON of tensors
          'b': | 'a': | corrupted: its header is not JSON of tensors
          """)
  void badHeader(String good, String bad, String message) throws IOException {
    assertTrue(GOOD.contains(good), good);
    write("model.safetensors", GOOD.replace(good, bad), DATA);
    assertRefused("model.safetensors: " + message);
  }

  @Test
  void truncatedAndOverlong() throws IOException {
    write("model.safetensors", GOOD, DATA);
    open(false);
    write("model.safetensors", GOOD, DATA - 1);
    assertRefused("model.safetensors: truncated: holds 31 bytes of tensors, its header says 32");
    write("model.safetensors", GOOD, DATA + 1);
    assertRefused("model.safetensors: corrupted: holds 33 bytes of tensors, its header says 32");
    Files.write(folder.resolve("model.safetensors"), new byte[7]);
    assertRefused("model.safetensors: truncated: 7 bytes");
  }

  @ParameterizedTest
  @CsvSource({"0", "33", "100000001", "-1", "9223372036854775807"})
  void badHeaderLength(long length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    Files.write(folder.resolve("model.safetensors"), bytes.array());
    assertRefused(
        "model.safetensors: corrupted or truncated: a header of "
            + length
            + " bytes in a file of 40");
  }

  @Test
  void noWeightOfThisModel() throws IOException {
    String more = ",'%s':{'dtype':'F32','shape':[1],'data_offsets':[32,36]}}";
    String extra = "{" + A + "," + B + more;
    write("model.safetensors", String.format(extra, "model.layers.0.self_attn.q_proj.bias"), 36);
    assertRefused(
        "model.safetensors: tensor model.layers.0.self_attn.q_proj.bias is no weight of this"
            + " model");
    write("model.safetensors", String.format(extra, "lm_head.weight"), 36);
    assertRefused("model.safetensors: tensor lm_head.weight is no weight of this model");
    open(true); // where the head is the embedding, its copy is ignored
    String frequencies = "model.layers.0.self_attn.rotary_emb.inv_freq";
    write("model.safetensors", String.format(extra, frequencies), 36);
    open(false);
  }

  @Test
  void missingFiles() throws IOException {
    InputException error = assertThrows(InputException.class, () -> open(false));
    assertEquals(
        folder + ": holds neither model.safetensors nor model.safetensors.index.json",
        error.getMessage());
    for (String other : List.of("pytorch_model.bin", "1.safetensors", "x.gguf", "y.pt")) {
      Files.createFile(folder.resolve(other));
    }
    error = assertThrows(InputException.class, () -> open(false));
    assertEquals(
        folder
            + ": holds neither model.safetensors nor model.safetensors.index.json, but"
            + " 1.safetensors, pytorch_model.bin, x.gguf, ..: not read, save it as these",
        error.getMessage());
    write("1.safetensors", "{" + A + "}", 12);
    index("{'a':'1.safetensors','b':'2.safetensors'}");
    assertRefused("2.safetensors: no such file");
    Files.createDirectory(folder.resolve("2.safetensors"));
    assertRefused("2.safetensors: cannot be read: must be a readable file");
  }

  /** As transformers has it; what the index says of other files is of another model. */
  @Test
  void aSingleFilePrecedesAnIndex() throws IOException {
    write("model.safetensors", GOOD, DATA);
    try (HuggingFaceFolder opened = HuggingFaceFolder.open(folder, GROUPS, false)) {
      assertEquals(Optional.empty(), opened.remark());
    }
    index("{'a':'1.safetensors','b':'1.safetensors'}");
    try (HuggingFaceFolder opened = HuggingFaceFolder.open(folder, GROUPS, false)) {
      String remark = opened.remark().orElseThrow();
      assertTrue(remark.startsWith("WARNING: " + folder + "/model.safetensors is taken"), remark);
    }
    Files.delete(folder.resolve("model.safetensors"));
    Files.createDirectory(folder.resolve("model.safetensors")); // no file
    assertRefused("1.safetensors: no such file");
  }

  /** Transformers would take all that is in the files, and of two the last. */
  @Test
  void aTensorInNoPlaceOrInTwo() throws IOException {
    write("1.safetensors", GOOD, DATA);
    write("2.safetensors", "{" + A + "}", 12);
    index("{'a':'2.safetensors','b':'1.safetensors'}");
    assertRefused(
        "1.safetensors: tensor a is here, but model.safetensors.index.json says it is in"
            + " 2.safetensors");
    index("{'b':'1.safetensors'}");
    assertRefused(
        "1.safetensors: tensor a is here, but model.safetensors.index.json does not name it");
    index("{'a':'1.safetensors','b':'1.safetensors'}");
    open(false); // of files that the index does not name, nothing is read
    String frequencies =
        ",'rotary_emb.inv_freq':{'dtype':'F32','shape':[0],'data_offsets':[32,32]}}";
    write("1.safetensors", "{" + A + "," + B + frequencies, DATA);
    open(false);
  }

  /**
   * A head of its own is one that is not the embedding, in value; of which type does not matter.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          F32 | 2,3 | BF16 | 2,3 | 0 | false
          F32 | 2,3 | F32  | 2,3 | 0 | false
          F32 | 2,3 | F32  | 2,3 | 1 | true
          F32 | 2,3 | F16  | 3,2 | 0 | true
          F32 | 2,3 | I16  | 2,3 | 0 | true
          """)
  void ownHead(String type, String shape, String headType, String headShape, int last, boolean own)
      throws IOException {
    String tensor = "'%s':{'dtype':'%s','shape':[%s],'data_offsets':[%d,%d]}";
    int end = headType.equals("F32") ? 48 : 36;
    String embedding = String.format(tensor, "model.embed_tokens.weight", type, shape, 0, 24);
    String head = String.format(tensor, "lm_head.weight", headType, headShape, 24, end);
    assertFalse(HuggingFaceFolder.hasOwnHead(folder), "nothing there");
    write("model.safetensors", "{" + embedding + "}", 24);
    assertFalse(HuggingFaceFolder.hasOwnHead(folder), "no head");
    write("model.safetensors", "{" + embedding + "," + head + "}", end);
    Path file = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 2] = (byte) last; // of the last element
    Files.write(file, bytes);
    assertEquals(own, HuggingFaceFolder.hasOwnHead(folder));
  }

  /** Files that store shared tensors once may have the embedding under the name of the head. */
  @Test
  void aTiedModelStoredAsItsHead() throws IOException {
    Parameter embedding =
        new Parameter("model.embed_tokens.weight", Parameter.Initial.NORMAL, 2, 3);
    List<ParameterGroup> groups = List.of(new ParameterGroup("all", List.of(embedding)));
    write("model.safetensors", "{" + A.replace("'a'", "'lm_head.weight'") + "}", 12);
    Path file = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] = 0x40; // bf16 2
    Files.write(file, bytes);
    try (HuggingFaceFolder opened = HuggingFaceFolder.open(folder, groups, true)) {
      FloatBuffer values = FloatBuffer.allocate(2);
      opened.read(embedding, 4, values);
      assertEquals(FloatBuffer.wrap(new float[] {0, 2}), values.rewind());
    }
    InputException error =
        assertThrows(
            InputException.class, () -> HuggingFaceFolder.open(folder, groups, false).close());
    assertEquals(file + ": tensor model.embed_tokens.weight is missing", error.getMessage());
  }

  @Test
  void indexAndFilesDisagree() throws IOException {
    write("1.safetensors", "{" + A + "}", 12);
    write("2.safetensors", "{" + B.replace("[12,32]", "[0,20]") + "}", 20);
    index("{'a':'1.safetensors','b':'2.safetensors'}");
    open(false);
    index("{'a':'1.safetensors'}");
    assertRefused("model.safetensors.index.json: tensor b is missing");
    index("{'a':'1.safetensors','b':2}");
    assertRefused("model.safetensors.index.json: tensor b in no safetensors file: 2");
    index("{'a':'1.safetensors','b':'1.safetensors'}");
    assertRefused(
        "1.safetensors: tensor b is missing, model.safetensors.index.json says it is here");
    index("{'a':'1.safetensors','b':'2.safetensors','c':'2.safetensors'}");
    assertRefused(
        "2.safetensors: tensor c is missing, model.safetensors.index.json says it is here");
    index("{'a':'../1.safetensors'}");
    assertRefused(
        "model.safetensors.index.json: tensor a in no safetensors file: \"../1.safetensors\"");
    index("[]");
    assertRefused("model.safetensors.index.json: has no weight_map");
    index("{}}{");
    assertRefused("model.safetensors.index.json: not valid JSON");
    index("{");
    assertRefused("model.safetensors.index.json: not valid JSON");
  }
}
