package ringattention.malformed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static ringattention.malformed.Damage.utf8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A good input in a folder; who extends it spoils one of its files. */
class Specimens {
  private static final Path WORDS = Path.of("src/test/resources/tokenizers/words");
  private static final long HUGE_FILE = 20L << 30; // bytes, of which a sparse file has none
  private static final String TOML =
      """
      attention.layout = "zigzag" # a small run
      [model]
      hidden = 8
      layers = 1
      heads = 2
      keyValueHeads = 1
      feedForward = 16
      [train]
      sequence = 16
      steps = 3
      learningRate = 3e-4
      [device]
      kind = "cpu"
      threads = 1
      """;
  static final String CONFIG =
      """
      {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
       "num_key_value_heads": 1, "intermediate_size": 16, "vocab_size": 256, "rms_norm_eps": 1e-5,
       "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
       "tie_word_embeddings": false, "head_dim": 4}
      """;

  final Path folder;
  final Damage damage;

  Specimens(Path folder, Damage damage) {
    this.folder = folder;
    this.damage = damage;
    try {
      Files.createDirectories(folder);
      write("text.txt", utf8("one two three four five six seven eight nine ten\n".repeat(4)));
      write("small.toml", utf8(good("path = \"" + folder.resolve("text.txt") + "\"\n")));
      for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
        write(name, Files.readAllBytes(WORDS.resolve(name)));
      }
      write("lines.jsonl", utf8("{\"text\": \"red green blue red green blue\"}\n".repeat(9)));
      write("tokens.bin", tokens());
      write("pair.bin", tokens());
      write("pair.idx", index());
      write("config.json", utf8(CONFIG));
      write("model.safetensors", WeightsFile.good());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns 64 tokens of 2 bytes, every tenth of which is 9. */
  private static byte[] tokens() {
    byte[] bytes = new byte[128];
    for (int i = 0; i < 64; i++) {
      bytes[2 * i] = (byte) (i % 10);
    }
    return bytes;
  }

  /** Returns Megatron's index of two documents of a sequence each. */
  private static byte[] index() {
    ByteBuffer all = ByteBuffer.allocate(82).order(ByteOrder.LITTLE_ENDIAN);
    all.put(utf8("MMIDIDX\0\0")).putLong(1).put((byte) 8).putLong(2).putLong(3);
    all.putInt(30).putInt(34).putLong(0).putLong(60).putLong(0).putLong(1).putLong(2);
    return all.array();
  }

  private static String good(String data) {
    return TOML + "[data]\n" + data;
  }

  void write(String name, byte[] bytes) {
    try {
      Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] read(String name) {
    try {
      return Files.readAllBytes(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> dryRun(String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", path("small.toml"), "--dry-run"));
    arguments.addAll(List.of("-o", path("output")));
    arguments.addAll(List.of(more));
    return arguments;
  }

  String path(String name) {
    return folder.resolve(name).toString();
  }

  void grow(String name) {
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(HUGE_FILE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nothing is wrong with it. */
  Malformed unharmed(int which) {
    return new Malformed(
        "unharmed",
        switch (which) {
          case 0 -> dryRun();
          case 1 -> withTokenizer();
          case 2 -> withSources();
          case 3 -> withPair();
          default -> withWeights();
        },
        "",
        false);
  }

  List<String> withTokenizer() {
    return dryRun(
        "-D",
        "data.tokenizer=" + path("tokenizer.json"),
        "-D",
        "data.format=jsonl",
        "-D",
        "data.path=" + path("lines.jsonl"));
  }

  /** Two sources, of which one holds tokens. */
  List<String> withSources() {
    String toml = new String(read("small.toml"), ISO_8859_1);
    write("small.toml", utf8(toml.replaceFirst("path = .*\n", sources())));
    return dryRun();
  }

  private String sources() {
    return """
        documents = true
        [[data.source]]
        path = "F/lines.jsonl"
        format = "jsonl"
        weight = 2
        [[data.source]]
        path = "F/tokens.bin"
        format = "tokens"
        idType = "uint16"
        endToken = 9
        epochs = 100.0
        """
        .replace("F", folder.toString());
  }

  /** Tokens with Megatron's index. */
  List<String> withPair() {
    return dryRun("-D", "data.format=megatron", "-D", "data.path=" + path("pair.bin"));
  }

  List<String> withWeights() {
    String toml = new String(read("small.toml"), ISO_8859_1);
    write("small.toml", utf8(toml.replaceAll("(?s)hidden.*?16\n", "")));
    return dryRun("-D", "model.checkpoint=" + folder);
  }
}
