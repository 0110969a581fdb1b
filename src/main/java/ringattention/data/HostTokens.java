package ringattention.data;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import ringattention.data.fasta.FastaConfig;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * Lets one process of a host tokenize a corpus and the others there open what it has made. That is
 * a file without a name, which they reach through its descriptor; where the system does not let
 * them, each tokenizes for itself.
 */
public final class HostTokens {
  private static final String BETWEEN = ";"; // places of parts

  private final String given; // empty: nothing is made yet
  private final Consumer<String> progress;
  private final Map<Integer, HostTokens> parts = new TreeMap<>();
  private String made = "";

  private HostTokens(String given, Consumer<String> progress) {
    this.given = given;
    this.progress = progress;
  }

  /** Returns what lets a process tokenize, and takes where its tokens are. */
  public static HostTokens own() {
    return own(line -> {});
  }

  /**
   * Returns the same where somebody waits.
   *
   * @param progress takes lines that say how far it is, where it takes longer than a moment
   */
  public static HostTokens own(Consumer<String> progress) {
    return new HostTokens("", progress);
  }

  /**
   * Returns what another process has made.
   *
   * @param place its {@link #place}; empty: it has made nothing that can be opened
   */
  public static HostTokens at(String place) {
    return new HostTokens(place, line -> {});
  }

  Consumer<String> progress() {
    return progress;
  }

  /**
   * Returns where others find what was made, while it is open; empty if they do not. Of parts, a
   * text of the places of all.
   */
  public String place() {
    return parts.isEmpty()
        ? made
        : parts.entrySet().stream()
            .map(part -> part.getKey() + " " + part.getValue().place())
            .collect(Collectors.joining(BETWEEN));
  }

  /** Returns the same for one of several corpora, whose places are told together. */
  HostTokens part(int number) {
    String own =
        Arrays.stream(given.split(BETWEEN))
            .filter(place -> place.startsWith(number + " "))
            .map(place -> place.substring(place.indexOf(' ') + 1))
            .findFirst()
            .orElse("");
    Consumer<String> named = line -> progress.accept(DataSources.name(number) + ": " + line);
    return parts.computeIfAbsent(number, none -> new HostTokens(own, named));
  }

  /**
   * Returns a name for all that tokens depend on, which processes of one host have in common if one
   * may tokenize, or read, for the other; empty if there is nothing to share: tokens are the bytes
   * of files, or are made, or there are none.
   *
   * @param heldOut whether it is the corpus of section {@code [validation]}
   * @throws InputException if there is no file
   */
  public static String key(Configuration given, boolean heldOut) {
    if (!given.has(DataConfig.SECTION)
        || !given.get(DataConfig.SECTION).format().readsFilesOfTokens()) {
      return "";
    }
    Configuration configuration =
        heldOut ? given.get(ValidationConfig.SECTION).inPlaceOfData(given) : given;
    List<String> keys =
        DataSources.configurations(configuration).stream().map(HostTokens::key).toList();
    return keys.stream().allMatch(String::isEmpty)
        ? ""
        : keys.size() == 1 ? keys.get(0) : Digest.of(keys.toArray(String[]::new));
  }

  private static String key(Configuration configuration) {
    DataConfig data = configuration.get(DataConfig.SECTION);
    List<Path> files = new CorpusFiles(configuration).all();
    if (Corpus.isBytes(data, files)) {
      return "";
    }
    List<String> parts =
        new ArrayList<>(List.of(data.toString(), Path.of("").toAbsolutePath().toString()));
    if (data.format() == DataFormat.FASTA) {
      parts.add("softMask " + configuration.get(FastaConfig.SECTION).softMask());
    }
    for (Path file : files) {
      try {
        parts.add(file.toRealPath().toString());
        parts.add(CorpusFiles.stamp(file));
        for (Path index : ReadyCorpus.beside(data.format(), file)) {
          parts.add(CorpusFiles.stamp(index));
        }
      } catch (IOException unreadable) {
        throw configuration
            .source()
            .error("data.path", file + " cannot be read: " + CorpusFiles.reason(unreadable));
      }
    }
    return Digest.of(parts.toArray(String[]::new));
  }

  /** Returns what another process has made; empty if there is nothing, or it cannot be opened. */
  Optional<TokenFile> open(Source source, int vocabulary) {
    String[] place = given.split(" ");
    if (place.length != 2) {
      return Optional.empty();
    }
    try {
      TokenFile file = TokenFile.open(Path.of(place[0]), source, vocabulary);
      if (file.digest().equals(place[1])) {
        return Optional.of(file);
      }
      file.close(); // the process of that number is another in this container
      return Optional.empty();
    } catch (InputException unreachable) {
      return Optional.empty();
    }
  }

  /** Returns the digest of files that hold tokens, if another process has made it. */
  Optional<String> digest() {
    return given.isEmpty() || given.contains(" ") ? Optional.empty() : Optional.of(given);
  }

  /** Takes the digest of files that hold tokens. */
  void digest(String digest) {
    made = digest;
  }

  /**
   * Takes what this process has made.
   *
   * @param descriptor from {@link #descriptor}
   */
  void made(String descriptor, TokenFile file) {
    made = descriptor.isEmpty() ? "" : descriptor + " " + file.digest();
  }

  /** Returns where other processes find a file that is open here; empty if nowhere. */
  static String descriptor(Path file) {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      Path real = file.toRealPath();
      for (Path descriptor : open) {
        if (target(descriptor).equals(Optional.of(real))) {
          return "/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor.getFileName();
        }
      }
      return "";
    } catch (IOException noSuchSystem) {
      return "";
    }
  }

  private static Optional<Path> target(Path descriptor) {
    try {
      return Optional.of(Files.readSymbolicLink(descriptor));
    } catch (IOException closedMeanwhile) {
      return Optional.empty();
    }
  }
}
