package ringattention.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [data]}.
 *
 * @param path a file or a folder, relative to the working directory; nothing with lines
 * @param extensions of the files to read from a folder, without dot, e.g. {@code java}; empty: all
 *     files
 * @param format what the files hold, or what is made instead
 * @param field of a JSON object that is the document; {@link #AUTO} of conversations: found
 * @param template of conversations, see {@link ChatFormats}
 * @param documents whether sequences are filled document by document, none of which sees another;
 *     else a sequence is any part of the stream of all documents
 * @param documentMultiple tokens that every document's length in a sequence is a multiple of
 * @param firstPosition of a document, or of every sequence of a stream
 * @param tokenizer {@link #BYTES}, {@link #LINES}, {@link #BASES}, {@link #NONE}, or a
 *     tokenizer.json or its folder
 * @param cache folder of tokenized corpora, or {@link #NO_CACHE}
 * @param skipBad whether records that cannot be used are counted, and not an error
 * @param ids how {@link DataFormat#TOKENS} are written
 * @param sources that sequences are taken from in place of path; empty: there is path
 */
public record DataConfig(
    Path path,
    List<String> extensions,
    DataFormat format,
    String field,
    String template,
    boolean documents,
    int documentMultiple,
    int firstPosition,
    String tokenizer,
    String cache,
    boolean skipBad,
    FlatConfig ids,
    List<DataSource> sources) {
  public static final Section<DataConfig> SECTION =
      Section.required("data", "path", DataConfig::read);

  public static final String BYTES = "bytes";

  /** The tokenizer of {@link DataFormat#LINES}. */
  public static final String LINES = "lines";

  /** The tokenizer of {@link DataFormat#FASTA}. */
  public static final String BASES = "bases";

  /** No tokenizer: of files that hold tokens. */
  public static final String NONE = "none";

  private static final String WITH_FASTA = " data.format = \"fasta\"";
  private static final String WITH_LINES = " with data.format = \"lines\"";
  private static final String NO_FILES =
      "must not be given" + WITH_LINES + ", which reads no files";
  public static final String NO_CACHE = "none";

  /** What is found without being told: the list of messages, the template of a tokenizer. */
  public static final String AUTO = "auto";

  public DataConfig {
    extensions = List.copyOf(extensions);
    sources = List.copyOf(sources);
  }

  static DataConfig read(Table table) {
    DataFormat format = table.choice("format", DataFormat.class, Default.of(DataFormat.TEXT));
    boolean made = format == DataFormat.LINES;
    Table files = table.onlyIf(!made, NO_FILES);
    boolean steps = format == DataFormat.TRAJECTORIES;
    String notSteps = "must not be given with data.format = \"trajectories\", which has no tokens";
    boolean several = !table.tables("source").isEmpty();
    Path path =
        files
            .onlyIf(!made && !several, "must not be given with " + otherwise(made))
            .marked(Trait.OWN)
            .path("path", Default.required("text"));
    Table texts = files.onlyIf(!made && !steps, made ? NO_FILES : notSteps);
    Table tokens = table.onlyIf(!steps, notSteps);
    List<String> extensions = extensions(texts, Default.list());
    String field =
        texts.text("field", Default.derived(field(format), "\"text\", or found in conversations"));
    String template = template(texts, Default.of(AUTO));
    boolean skipBad = table.flag("skipBad", Default.of(false));
    FlatConfig ids = FlatConfig.read(table, several || format == DataFormat.TOKENS);
    Optional<String> every = texts.gives("field") ? Optional.of(field) : Optional.empty();
    List<DataSource> sources =
        texts.tables(
            "source",
            source -> DataSource.read(source, format, extensions, every, template, skipBad, ids));
    table.require(
        sources.isEmpty() || sources.stream().anyMatch(source -> source.weight() > 0),
        "source.1.weight",
        "one source at least must have a weight above 0");
    ids.requireUse(table, sources);
    boolean streams =
        sources.isEmpty()
            ? ids.isStream(format)
            : sources.stream().allMatch(source -> source.ids().isStream(source.format()));
    boolean documents =
        tokens.flag(
            "documents",
            Default.derived(
                !streams && !steps,
                "true but for text, trajectories, and tokens without endToken"));
    table.require(documents || !made, "documents", "must be true" + WITH_LINES);
    int multiple = tokens.integer("documentMultiple", Range.atLeast(1), Default.of(1));
    int firstPosition = tokens.integer("firstPosition", Range.between(0, 1 << 30), Default.of(0));
    boolean tokenized =
        sources.isEmpty()
            ? format.isTokenized()
            : sources.stream().anyMatch(source -> source.format().isTokenized());
    boolean bases = isOfBases(table, format, sources);
    String tokenizer =
        tokens
            .marked(Trait.OWN)
            .text(
                "tokenizer",
                Default.derived(
                    made ? LINES : bases ? BASES : tokenized ? BYTES : NONE,
                    "\"bytes\", or lines' or fasta's own; none for tokens and trajectories"));
    path(table, "tokenizer", tokenizer);
    table.require(
        tokenizer.equals(LINES) || !made, "tokenizer", "must be \"" + LINES + "\"" + WITH_LINES);
    table.require(
        !tokenized || !tokenizer.equals(NONE),
        "tokenizer",
        "must not be \"none\" with "
            + (sources.isEmpty()
                ? "data.format = \"" + format + "\", which is tokenized"
                : "sources that do not hold tokens"));
    table.require(
        tokenizer.equals(BASES) == bases,
        "tokenizer",
        "must " + (bases ? "" : "not ") + "be \"bases\" with" + (bases ? "" : "out") + WITH_FASTA);
    String cache = texts.marked(Trait.FREE, Trait.OWN).text("cache", Default.of(NO_CACHE));
    path(table, "cache", cache);
    return new DataConfig(
        path,
        extensions,
        format,
        field,
        template,
        documents,
        multiple,
        firstPosition,
        tokenizer,
        cache,
        skipBad,
        ids,
        sources);
  }

  /** Returns whether files are of bases; all sources have one tokenizer, so all are or none. */
  private static boolean isOfBases(Table table, DataFormat format, List<DataSource> sources) {
    boolean bases =
        sources.isEmpty()
            ? format == DataFormat.FASTA
            : sources.get(0).format() == DataFormat.FASTA;
    for (int i = 0; i < sources.size(); i++) {
      table.require(
          (sources.get(i).format() == DataFormat.FASTA) == bases,
          "source." + (i + 1) + ".format",
          "must " + (bases ? "" : "not ") + "be \"fasta\", as that of the first source");
    }
    return bases;
  }

  private static String otherwise(boolean made) {
    return made
        ? "data.format = \"lines\", which reads no files"
        : "[[data.source]], whose tables have paths of their own";
  }

  /** Reads the extensions of a corpus. */
  static List<String> extensions(Table table, Default<List<String>> otherwise) {
    List<String> extensions = table.texts("extensions", otherwise);
    table.require(
        extensions.stream().noneMatch(extension -> extension.startsWith(".")),
        "extensions",
        "must be without the leading dot");
    return extensions;
  }

  /** Reads the template of conversations. */
  static String template(Table table, Default<String> otherwise) {
    String template = table.marked(Trait.OWN).text("template", otherwise);
    path(table, "template", template);
    return template;
  }

  /** Returns the field of a format's records that is looked at if none is named. */
  static String field(DataFormat format) {
    return format == DataFormat.CONVERSATIONS ? AUTO : "text";
  }

  /** The same of another corpus, which is none of several. */
  DataConfig withPath(Path other) {
    return with(other, extensions, format, field, template, skipBad, ids, List.of());
  }

  /** The same of one source alone. */
  DataConfig of(DataSource source) {
    return with(
        source.path(),
        source.extensions(),
        source.format(),
        source.field(),
        source.template(),
        source.skipBad(),
        source.ids(),
        List.of());
  }

  /** The same of files that hold something else. */
  public DataConfig withFormat(DataFormat other) {
    return with(path, extensions, other, field, template, skipBad, ids, sources);
  }

  private DataConfig with(
      Path files,
      List<String> endings,
      DataFormat content,
      String part,
      String words,
      boolean skips,
      FlatConfig how,
      List<DataSource> several) {
    return new DataConfig(
        files,
        endings,
        content,
        part,
        words,
        documents,
        documentMultiple,
        firstPosition,
        tokenizer,
        cache,
        skips,
        how,
        several);
  }

  /** Returns tokenizer.json or its folder; empty: the program's own. */
  Optional<Path> tokenizerPath() {
    return tokenizerPath(tokenizer);
  }

  /** Returns what a key with the name of a tokenizer means; empty: the program's own. */
  public static Optional<Path> tokenizerPath(String name) {
    return isOwnTokenizer(name) ? Optional.empty() : Optional.of(Path.of(name));
  }

  /** Returns whether a tokenizer of this name is in the program, not in files, or there is none. */
  public static boolean isOwnTokenizer(String name) {
    return name.equals(BYTES) || name.equals(LINES) || name.equals(BASES) || name.equals(NONE);
  }

  private static Path path(Table table, String key, String text) {
    table.require(text.indexOf('\0') < 0, key, "must not contain a zero byte");
    return Path.of(text);
  }
}
