package ringattention.malformed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static ringattention.malformed.Damage.nested;
import static ringattention.malformed.Damage.utf8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Spoilt input files, overrides and command lines. */
final class InputSpecimens extends Specimens {
  InputSpecimens(Path folder, Damage damage) {
    super(folder, damage);
  }

  /** An input file with several sources. */
  Malformed sources() {
    withSources();
    return toml();
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
                "data.endToken",
                "data.source.1.path",
                "data.source.1.weight",
                "data.source.2.epochs",
                "checkpoint.resume",
                "checkpoint.every"));
    String value =
        damage.below(4) == 0
            ? new String(damage.noise(9), ISO_8859_1).replace("\0", "")
            : damage.number();
    String given = key + "=" + value;
    return new Malformed(given, dryRun("-D", given), "", false);
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
}
