package ringattention.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import ringattention.data.DataConfig;
import ringattention.data.TokenizerFolder;
import ringattention.data.fasta.BasesTokenizerFile;
import ringattention.data.lines.LineTokenizerFile;
import ringattention.huggingface.SpecialIds;
import ringattention.huggingface.TokenizerConfigFile;
import ringattention.huggingface.TokenizerCopy;
import ringattention.input.BoundedFile;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.ModelConfig;

/**
 * The tokenizer that goes with a trained model: the one it was trained with.
 *
 * @param copy what is written
 * @param lines for the log
 */
record ExportedTokenizer(TokenizerCopy copy, List<String> lines) {
  private static final String KEY = "data.tokenizer";
  private static final int LARGEST = 256; // MiB

  /**
   * Reads the files of {@code data.tokenizer}.
   *
   * @throws InputException if they cannot be read, or have more tokens than the model
   */
  static ExportedTokenizer of(Configuration configuration) {
    if (configuration.get(ModelConfig.SECTION).trajectories().isPresent()) {
      return new ExportedTokenizer(
          TokenizerCopy.NONE, List.of("no tokenizer: the model reads trajectories"));
    }
    Optional<Path> origin = configuration.get(ModelConfig.SECTION).checkpoint();
    switch (configuration.get(DataConfig.SECTION).tokenizer()) {
      case DataConfig.LINES -> {
        return of(
            DataConfig.LINES,
            LineTokenizerFile.json(),
            LineTokenizerFile.tokens(),
            LineTokenizerFile.END);
      }
      case DataConfig.BASES -> {
        return of(
            DataConfig.BASES,
            BasesTokenizerFile.json(),
            BasesTokenizerFile.tokens(),
            BasesTokenizerFile.END);
      }
      default -> {}
    }
    Optional<TokenizerFolder> used = used(configuration);
    if (used.isPresent()) {
      return of(configuration, origin, used.get());
    }
    String name = configuration.get(DataConfig.SECTION).tokenizer();
    String bytes =
        name.equals(DataConfig.NONE)
            ? "no tokenizer: data.tokenizer names none"
            : "no tokenizer: the model reads bytes";
    Optional<Path> unused = origin.filter(TokenizerFolder::in);
    if (unused.isEmpty()) {
      return new ExportedTokenizer(TokenizerCopy.NONE, List.of(bytes));
    }
    return new ExportedTokenizer(
        new TokenizerCopy(Map.of(), Optional.of(SpecialIds.NONE)),
        List.of(
            bytes,
            "WARNING: the tokenizer in "
                + unused.get()
                + " is not copied: the model was trained with data.tokenizer = \""
                + name
                + "\""));
  }

  /**
   * Makes the files of a tokenizer that is the program's own.
   *
   * @param name of it
   * @param json content of tokenizer.json
   * @param tokens all of them by their spelling
   * @param end spelling of the token that ends a text
   */
  private static ExportedTokenizer of(
      String name, String json, Map<String, Integer> tokens, String end) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(TokenizerCopy.NAMES.get(0), json.getBytes(UTF_8));
    files.put(
        TokenizerConfigFile.NAME, TokenizerConfigFile.of(Optional.empty(), end, Optional.empty()));
    OptionalInt id = OptionalInt.of(tokens.get(end));
    SpecialIds ids = new SpecialIds(OptionalInt.empty(), id, OptionalInt.empty());
    return new ExportedTokenizer(
        new TokenizerCopy(files, Optional.of(ids)),
        List.of(
            "tokenizer of "
                + name
                + ": "
                + String.join(", ", files.keySet())
                + "; special tokens of config.json: end "
                + id.getAsInt()));
  }

  private static ExportedTokenizer of(
      Configuration configuration, Optional<Path> origin, TokenizerFolder used) {
    SpecialIds ids =
        new SpecialIds(
            used.number(used.begin()),
            used.number(Optional.of(used.end())),
            used.number(used.pad()));
    boolean same = origin.filter(folder -> same(configuration, folder, used, ids)).isPresent();
    Map<String, byte[]> files = files(configuration, used);
    String special =
        same ? "" : "; special tokens of config.json: end " + ids.end().getAsInt() + begin(ids);
    return new ExportedTokenizer(
        new TokenizerCopy(files, same ? Optional.empty() : Optional.of(ids)),
        List.of(
            "tokenizer of "
                + used.file().toAbsolutePath().normalize().getParent()
                + ": "
                + String.join(", ", files.keySet())
                + special));
  }

  private static String begin(SpecialIds ids) {
    return (ids.begin().isPresent() ? ", begin " + ids.begin().getAsInt() : "")
        + (ids.pad().isPresent() ? ", pad " + ids.pad().getAsInt() : "");
  }

  /** Returns the tokenizer; empty if the model reads bytes, or tokens of nobody knows what. */
  private static Optional<TokenizerFolder> used(Configuration configuration) {
    String name = configuration.get(DataConfig.SECTION).tokenizer();
    int vocabulary = configuration.get(ModelConfig.SECTION).vocabulary();
    return DataConfig.isOwnTokenizer(name)
        ? Optional.empty()
        : Optional.of(TokenizerFolder.read(Path.of(name), KEY, configuration.source(), vocabulary));
  }

  /**
   * Whether the tokenizer is that of the model that training started from: then its config.json is
   * right about special tokens, and may name more ends than a tokenizer does.
   */
  private static boolean same(
      Configuration configuration, Path origin, TokenizerFolder used, SpecialIds ids) {
    if (!TokenizerFolder.in(origin)) {
      return ids.areThoseOf(origin);
    }
    try {
      return used.isSame(
          TokenizerFolder.read(
              origin, "model.checkpoint", configuration.source(), Integer.MAX_VALUE));
    } catch (InputException another) { // it was not used, so nothing is wrong
      return false;
    }
  }

  /** Returns the contents of its files by their names in a folder of models. */
  private static Map<String, byte[]> files(Configuration configuration, TokenizerFolder used) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : TokenizerCopy.NAMES) {
      Path file = used.file(name);
      if (Files.isRegularFile(file)) {
        try {
          files.put(name, BoundedFile.bytes(file, LARGEST));
        } catch (IOException e) {
          throw configuration.source().error(KEY, file + " cannot be read: " + e.getMessage());
        }
      }
    }
    files.computeIfAbsent(
        TokenizerConfigFile.NAME,
        none -> TokenizerConfigFile.of(used.begin(), used.end(), used.pad()));
    return files;
  }
}
