package ringattention.malformed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static ringattention.malformed.Damage.nested;
import static ringattention.malformed.Damage.utf8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A good input in a folder, and ways to spoil one of its files. */
final class Specimens {
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
  private static final String CONFIG =
      """
      {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
       "num_key_value_heads": 1, "intermediate_size": 16, "vocab_size": 256, "rms_norm_eps": 1e-5,
       "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
       "tie_word_embeddings": false, "head_dim": 4}
      """;

  private final Path folder;
  private final Damage damage;

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
      write("config.json", utf8(CONFIG));
      write("model.safetensors", WeightsFile.good());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String good(String data) {
    return TOML + "[data]\n" + data;
  }

  private void write(String name, byte[] bytes) {
    try {
      Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] read(String name) {
    try {
      return Files.readAllBytes(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> dryRun(String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", path("small.toml"), "--dry-run"));
    arguments.addAll(List.of("-o", path("output")));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  /** Nothing is wrong with it. */
  Malformed unharmed(int which) {
    return new Malformed(
        "unharmed",
        switch (which) {
          case 0 -> dryRun();
          case 1 -> withTokenizer();
          default -> withWeights();
        },
        "",
        false);
  }

  private List<String> withTokenizer() {
    return dryRun(
        "-D",
        "data.tokenizer=" + path("tokenizer.json"),
        "-D",
        "data.format=jsonl",
        "-D",
        "data.path=" + path("lines.jsonl"));
  }

  private List<String> withWeights() {
    String toml = new String(read("small.toml"), ISO_8859_1);
    write("small.toml", utf8(toml.replaceAll("(?s)hidden.*?16\n", "")));
    return dryRun("-D", "model.checkpoint=" + folder);
  }

  /** An input file. */
  Malformed toml() {
    byte[] good = read("small.toml");
    List<String> lines = new ArrayList<>(new String(good, ISO_8859_1).lines().toList());
    int at = 0;
    while (!lines.get(at).contains(" = ")) {
      at = damage.below(lines.size());
    }
    String[] entry = lines.get(at).split(" = ", 2);
    String what;
    boolean surely = true;
    switch (damage.below(9)) {
      case 0 -> {
        what = "a key twice";
        lines.add(at, lines.get(at));
      }
      case 1 -> {
        what = "a misspelt key";
        lines.set(at, entry[0].replaceFirst("[a-z]$", "\u00e9zq") + " = " + entry[1]);
      }
      case 2 -> {
        what = "another type";
        String value =
            damage.any(
                List.of("{}", "[[1]]", "1979-05-27", "07:32:00", "[{a = 1}]", "'''\nx\n'''"));
        lines.set(at, entry[0] + " = " + value);
      }
      case 3 -> {
        what = "another number";
        surely = false;
        lines.set(at, entry[0] + " = " + damage.number());
      }
      case 4 -> {
        what = "a key that is no word";
        lines.add(at + 1, "\"a\\nb\\tc\\u001b\\u2028\" = 1");
      }
      case 5 -> {
        what = "deep nesting";
        int depth = 1 << damage.below(18);
        lines.set(at, entry[0] + " = " + nested("[", "]", depth));
      }
      case 6 -> {
        what = "a deep key";
        lines.add("a.".repeat(1 << damage.below(16)) + "b = 1");
      }
      default -> {
        what = "bytes";
        byte[] bad = damage.bytes(good);
        write("small.toml", bad);
        return new Malformed(what, dryRun(), "small.toml", false);
      }
    }
    write("small.toml", utf8(String.join("\n", lines) + "\n"));
    return new Malformed(what + ": " + entry[0], dryRun(), "small.toml", surely);
  }

  /** What is no input file at all, but has its name or its place. */
  Malformed notToml() {
    return switch (damage.below(4)) {
      case 0 -> {
        grow("small.toml");
        yield new Malformed("an input of 20 GiB", dryRun(), "small.toml", true);
      }
      case 1 -> {
        List<String> arguments = dryRun();
        arguments.set(1, folder.toString());
        yield new Malformed("a folder as input", arguments, folder.toString(), true);
      }
      case 2 -> {
        List<String> arguments = dryRun();
        arguments.set(1, "/dev/zero");
        yield new Malformed("an input without end", arguments, "/dev/zero", true);
      }
      default -> {
        List<String> arguments = dryRun();
        arguments.set(1, path("model.safetensors"));
        yield new Malformed("weights as input", arguments, "model.safetensors", true);
      }
    };
  }

  private void grow(String name) {
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(HUGE_FILE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A weights file, or an index of them. */
  Malformed tensors() {
    List<String> arguments = withWeights();
    if (damage.below(10) == 0) {
      return index(arguments);
    }
    WeightsFile.Spoilt spoilt = new WeightsFile(damage).spoilt();
    write("model.safetensors", spoilt.file());
    return new Malformed(spoilt.what(), arguments, "model.safetensors", spoilt.surely());
  }

  private Malformed index(List<String> arguments) {
    String place =
        damage.any(
            List.of(
                "../model.safetensors",
                "/etc/model.safetensors",
                "x/../model.safetensors",
                "a\\u0000.safetensors",
                "a\\n.safetensors",
                "absent.safetensors",
                "config.json",
                ".."));
    String good = "{\"weight_map\": {\"lm_head.weight\": \"" + place + "\"}}";
    byte[] bad =
        switch (damage.below(4)) {
          case 0 -> damage.bytes(utf8(good));
          case 1 -> utf8("{\"weight_map\": " + nested("[", "]", 1 << damage.below(18)) + "}");
          default -> utf8(good);
        };
    write("model.safetensors.index.json", bad);
    if (!folder.resolve("model.safetensors").toFile().delete()) { // it would precede the index
      throw new IllegalStateException("no weights in " + folder);
    }
    return new Malformed("an index: " + place, arguments, "safetensors", true);
  }

  /** A model's config.json. */
  Malformed config() {
    List<String> arguments = withWeights();
    byte[] good = utf8(CONFIG);
    byte[] bad =
        switch (damage.below(6)) {
          case 0 -> damage.bytes(good);
          case 1 -> utf8(nested("[", "]", 1 << damage.below(18)));
          default -> damage.json(good);
        };
    write("config.json", bad);
    if (damage.below(40) == 0) {
      grow("config.json");
    }
    // a config.json of another model is one that the weights do not fit
    return new Malformed("a config.json", arguments, folder.toString(), false);
  }

  /** A tokenizer. */
  Malformed tokenizer() {
    List<String> arguments = withTokenizer();
    String name = damage.any(List.of("tokenizer.json", "tokenizer.json", "tokenizer_config.json"));
    byte[] good = read(name);
    byte[] bad =
        switch (damage.below(6)) {
          case 0 -> damage.bytes(good);
          case 1 -> utf8(nested("[", "]", 1 << damage.below(18)));
          case 2 -> damage.json(damage.json(good));
          default -> damage.json(good);
        };
    write(name, bad);
    if (damage.below(40) == 0) {
      grow(name);
    }
    return new Malformed("a " + name, arguments, "data.", false);
  }

  /** Text to learn from. */
  Malformed text() {
    List<String> arguments = withTokenizer();
    byte[] good = read("lines.jsonl");
    return switch (damage.below(9)) {
      case 0 -> lines("empty", arguments, new byte[0]);
      case 1 -> lines("blank", arguments, utf8("\n".repeat(damage.below(100))));
      case 2 -> lines("no field", arguments, utf8("{\"txt\": \"red green\"}\n".repeat(9)));
      case 3 -> lines("a field of another type", arguments, damage.json(utf8("{\"text\": []}")));
      case 4 -> lines("no object", arguments, utf8("[" + "1,".repeat(damage.below(9)) + "2]"));
      case 5 -> {
        byte[] bytes = good.clone();
        bytes[damage.below(bytes.length)] = (byte) 0xff;
        yield lines("no UTF-8", arguments, bytes);
      }
      case 6 -> {
        grow("lines.jsonl");
        yield new Malformed("a line of 20 GiB", arguments, "lines.jsonl", true);
      }
      case 7 -> {
        write("lines.jsonl", utf8("{\"text\": " + nested("[", "]", 1 << damage.below(18)) + "}"));
        yield new Malformed("deep nesting", arguments, "lines.jsonl", true);
      }
      default -> {
        write("lines.jsonl", damage.bytes(good));
        yield new Malformed("bytes", arguments, "data.", false);
      }
    };
  }

  private Malformed lines(String what, List<String> arguments, byte[] bytes) {
    write("lines.jsonl", bytes);
    return new Malformed(what, arguments, "lines.jsonl", true);
  }

  /** What the user types. */
  Malformed commandLine() {
    List<String> words =
        List.of(
            "train",
            "plan",
            "bench",
            "training",
            "--trace=0",
            "--trace",
            "-o",
            "-D",
            "-D=",
            "=",
            "--dry-run",
            "--dry-run=3",
            "-Dtrain.steps=0",
            "-Dx",
            "-D[=3",
            "\n",
            "a\nb",
            "",
            "--",
            "-",
            "-x",
            "--help=x",
            "-Dmodel.hidden=\u001b",
            "-Ddata.path=a\nb",
            "-D\"a=b\"=\n",
            "status",
            "compare",
            path("absent"),
            path("text.txt"),
            "-Dtrain.seed=" + "9".repeat(1 + damage.below(5000)),
            "x".repeat(3000));
    List<String> arguments = new ArrayList<>();
    for (int i = damage.below(5); i >= 0; i--) {
      arguments.add(damage.any(words));
    }
    arguments.add(0, damage.any(List.of("train", "plan", "gradients", "trane", "status", "bench")));
    return new Malformed("a command line", arguments, "", true);
  }

  /** An override that is no value of its key, on an input that is good. */
  Malformed override() {
    String key =
        damage.any(
            List.of(
                "model.layers",
                "model.hidden",
                "model.heads",
                "model.headSize",
                "model.feedForward",
                "model.vocabulary",
                "train.sequence",
                "train.batch",
                "train.microBatch",
                "train.steps",
                "feedForward.block",
                "lossHead.block",
                "parallel.ring",
                "memory.headGroups",
                "memory.deviceGiB",
                "device.threads",
                "data.documentMultiple",
                "data.firstPosition",
                "device.causalBlock",
                "data.path",
                "data.tokenizer",
                "data.cache",
                "checkpoint.resume",
                "checkpoint.every"));
    String value =
        damage.below(4) == 0
            ? new String(damage.noise(9), ISO_8859_1).replace("\0", "")
            : damage.number();
    String given = key + "=" + value;
    return new Malformed(given, dryRun("-D", given), "", false);
  }
}
