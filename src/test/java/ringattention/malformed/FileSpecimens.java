package ringattention.malformed;

import static ringattention.malformed.Damage.nested;
import static ringattention.malformed.Damage.utf8;

import java.nio.file.Path;
import java.util.List;

/** Spoilt files that an input names: weights, config.json, tokenizers and texts. */
final class FileSpecimens extends Specimens {
  FileSpecimens(Path folder, Damage damage) {
    super(folder, damage);
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

  /** Files of tokens, one of several sources, or with an index. */
  Malformed ready() {
    boolean pair = damage.below(3) > 0;
    List<String> arguments = pair ? withPair() : withSources();
    String name = pair ? damage.any(List.of("pair.bin", "pair.idx", "pair.idx")) : "tokens.bin";
    write(name, damage.bytes(read(name)));
    if (damage.below(40) == 0
        && pair) { // tokens without an index are all read, and that takes long
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
}
