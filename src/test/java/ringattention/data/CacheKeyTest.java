package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** A cache gives no tokens of other settings, or of files as they were before. */
class CacheKeyTest {
  private static final String[] NONE = {};

  /** Keys of a corpus that change no token: nothing of the cache depends on them. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("documents", "documentMultiple", "firstPosition", "cache", "sources");

  @TempDir Path folder;
  private Path cache;

  @BeforeEach
  void files() throws IOException {
    cache = folder.resolve("cache");
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    String talk =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"red\"}, {\"role\": \"assistant\","
            + " \"content\": \"blue\"}], \"text\": \"red blue\", \"body\": \"blue green\"}\n";
    Files.writeString(corpus.resolve("a.jsonl"), talk);
    Files.writeString(corpus.resolve("b.json"), talk.replace("red", "green"));
    Files.writeString(folder.resolve("bad.jsonl"), talk + "{\"body\": \"blue\"}\n");
    for (String name : List.of("words", "later")) {
      Path tokenizer = Files.createDirectories(folder.resolve(name));
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        Files.copy(Given.WORDS.resolve(file), tokenizer.resolve(file));
      }
    }
    change(folder.resolve("later/tokenizer_config.json"), "<stop>", "<begin>");
    Files.writeString(folder.resolve("own.jinja"), template("A"));
    TokenFiles.flat(folder.resolve("flat.bin"), 2, 'A', 0, 2, 0, 3, 0);
    TokenFiles.flat(folder.resolve("pair.bin"), 2, 'A', 0, 2, 0, 3, 0);
    Files.write(folder.resolve("pair.idx"), TokenFiles.index(8, 2, new int[] {2, 4}, 0, 1, 2));
  }

  private static String template(String before) {
    return "{% for m in messages %}" + before + "{{ m.content }}{{ eos_token }}{% endfor %}";
  }

  private String[] keys(String text) {
    return text.isEmpty() ? NONE : text.replace("DIR", folder.toString()).split(" ");
  }

  /** Returns all that the streams of a corpus say, or why it is refused. */
  private String tokens(boolean cached, String... keys) {
    List<String> all = new ArrayList<>(List.of("train.sequence=8"));
    all.addAll(List.of(keys));
    if (cached) {
      all.add("data.cache=" + cache);
    }
    Configuration configuration = Given.sources(all.toArray(String[]::new));
    List<String> said = new ArrayList<>();
    try (Tokenizer tokenizer = Given.tokenizer(configuration)) {
      for (Configuration one : DataSources.configurations(configuration)) {
        try (TokenStream stream =
            Corpus.stream(
                one, new CorpusFiles(one).all(), 400, tokenizer, HostTokens.own(line -> {}))) {
          said.add(stream.digest());
          said.add(Arrays.toString(stream.entries(0, (int) stream.tokens())));
          said.add(Arrays.toString(((TokenDocuments) stream).lengths()));
          said.add(stream.counts().toString());
        }
      }
    } catch (InputException refused) {
      said.add(refused.getMessage());
    }
    return String.join("\n", said);
  }

  private void requireAnew(String before, String... keys) {
    String fresh = tokens(false, keys);
    assertNotEquals(before, fresh, "there is nothing to find out");
    assertEquals(fresh, tokens(true, keys));
  }

  /** Each line is a key of section [data], a corpus, and the same with another value. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          path       | data.path=DIR/corpus/a.jsonl | data.path=DIR/corpus/b.json
          path       | data.path=DIR/corpus/a.jsonl | data.path=DIR/corpus
          extensions | data.path=DIR/corpus data.extensions=["jsonl"] | data.extensions=["json"]
          format     | data.path=DIR/corpus/a.jsonl | data.format=text data.documents=true
          field      | data.path=DIR/corpus/a.jsonl | data.field=body
          skipBad    | data.path=DIR/bad.jsonl data.skipBad=true | data.skipBad=false
          template   | data.path=DIR/corpus/a.jsonl data.format=conversations | data.template=chatml
          template   | data.path=DIR/corpus/a.jsonl data.format=conversations data.template=DIR/own.jinja | data.template=chatml
          tokenizer  | data.path=DIR/corpus/a.jsonl | data.tokenizer=DIR/words
          tokenizer  | data.path=DIR/corpus/a.jsonl data.tokenizer=DIR/words | data.tokenizer=DIR/later
          ids        | data.path=DIR/flat.bin data.format=tokens data.endToken=0 | data.endToken=2
          ids        | data.path=DIR/flat.bin data.format=tokens data.endToken=0 | data.idType=uint32
          field      | data.source.1.path=DIR/corpus/a.jsonl | data.source.1.field=body
          template   | data.source.1.path=DIR/corpus/a.jsonl data.source.1.format=conversations | data.source.1.template=chatml
          skipBad    | data.source.1.path=DIR/bad.jsonl data.source.1.skipBad=true | data.source.1.skipBad=false
          extensions | data.source.1.path=DIR/corpus data.source.1.extensions=["jsonl"] | data.source.1.extensions=["json"]
          format     | data.source.1.path=DIR/corpus/a.jsonl | data.source.1.format=text data.documents=true
          path       | data.source.1.path=DIR/corpus/a.jsonl | data.source.1.path=DIR/corpus/b.json
          ids        | data.source.1.path=DIR/flat.bin data.source.1.format=tokens data.source.1.endToken=0 | data.source.1.endToken=2
          """)
  void anotherValueIsAnotherCorpus(String key, String corpus, String other) {
    String[] first = keys((corpus.contains("format") ? "" : "data.format=jsonl ") + corpus);
    List<String> second = new ArrayList<>(List.of(first));
    second.addAll(List.of(keys(other)));
    String before = tokens(true, first);
    assertEquals(before, tokens(true, first));
    requireAnew(before, second.toArray(String[]::new));
    assertEquals(before, tokens(true, first), "and back");
  }

  /** Whoever adds a key says here, or above, what it does to the tokens. */
  @Test
  void everyKeyIsThoughtOf() throws NoSuchMethodException {
    CsvSource source =
        CacheKeyTest.class
            .getDeclaredMethod(
                "anotherValueIsAnotherCorpus", String.class, String.class, String.class)
            .getAnnotation(CsvSource.class);
    for (Class<?> section : List.of(DataConfig.class, DataSource.class)) {
      boolean ofSource = section == DataSource.class;
      Set<String> known = new TreeSet<>(ofSource ? Set.of("weight", "epochs") : WITHOUT_EFFECT);
      source
          .textBlock()
          .lines()
          .filter(line -> line.contains("data.source.") == ofSource)
          .forEach(line -> known.add(line.substring(0, line.indexOf('|')).strip()));
      for (RecordComponent key : section.getRecordComponents()) {
        assertTrue(known.contains(key.getName()), section.getSimpleName() + "." + key.getName());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "data.documents=true, data.documents=false",
    "data.documents=true data.documentMultiple=4, data.documents=true data.firstPosition=3"
  })
  void otherSequencesHaveTheSameTokens(String first, String other) throws IOException {
    String corpus = "data.format=jsonl data.path=DIR/corpus ";
    assertEquals(tokens(true, keys(corpus + first)), tokens(true, keys(corpus + other)));
    try (var files = Files.list(cache)) {
      assertEquals(1, files.filter(file -> file.toString().endsWith(".tokens")).count());
    }
  }

  /** Changes a file as programs do that set its time back; its size stays as it was. */
  private static void change(Path file, String from, String to) throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    String text = Files.readString(file);
    assertTrue(text.contains(from), text);
    Files.writeString(file, text.replace(from, to));
    Files.setLastModifiedTime(file, time);
  }

  /** Each line is a corpus, and a file of the same size and time that has something else. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          data.format=jsonl data.path=DIR/corpus | corpus/b.json | blue | teal
          data.format=jsonl data.path=DIR/corpus data.tokenizer=DIR/words | words/tokenizer.json | "blue": 5 | "blue": 6
          data.format=jsonl data.path=DIR/corpus data.tokenizer=DIR/words | words/tokenizer.json | "ids": [0] | "ids": [5]
          data.format=jsonl data.path=DIR/corpus data.tokenizer=DIR/words | words/tokenizer_config.json | <stop> | <begin>
          data.format=conversations data.path=DIR/corpus data.template=DIR/own.jinja | own.jinja | A{{ | B{{
          data.format=tokens data.endToken=0 data.path=DIR/flat.bin | flat.bin | A | D
          data.format=megatron data.path=DIR/pair | pair.bin | A | D
          """)
  void aFileThatHasChangedInPlaceIsReadAgain(String corpus, String file, String from, String to)
      throws IOException, InterruptedException {
    String before = tokens(true, keys(corpus));
    awaitAnotherTime();
    change(folder.resolve(file), from, to);
    requireAnew(before, keys(corpus));
  }

  /** A folder of another version, whose files have the same names, sizes and times. */
  @Test
  void aLinkThatLeadsElsewhereIsFollowed() throws IOException, InterruptedException {
    FileTime time = FileTime.fromMillis(0);
    for (String version : List.of("one", "two")) {
      Path file = Files.createDirectories(folder.resolve(version)).resolve("a.jsonl");
      Files.writeString(file, "{\"text\": \"" + version + "\"}\n");
      Files.setLastModifiedTime(file, time);
      awaitAnotherTime();
    }
    Path link = Files.createSymbolicLink(folder.resolve("now"), folder.resolve("one"));
    String[] keys = keys("data.format=jsonl data.path=DIR/now");
    String before = tokens(true, keys);
    Files.delete(link);
    Files.createSymbolicLink(link, folder.resolve("two"));
    requireAnew(before, keys);
  }

  /** Documents end elsewhere, with the same tokens. */
  @Test
  void anotherIndexIsAnotherCorpus() throws IOException, InterruptedException {
    String[] keys = keys("data.format=megatron data.path=DIR/pair");
    String before = tokens(true, keys);
    Path index = folder.resolve("pair.idx");
    FileTime time = Files.getLastModifiedTime(index);
    awaitAnotherTime();
    Files.write(index, TokenFiles.index(8, 2, new int[] {4, 2}, 0, 1, 2));
    Files.setLastModifiedTime(index, time);
    requireAnew(before, keys);
  }

  /** The clock of a file system goes on in steps of some milliseconds. */
  private void awaitAnotherTime() throws IOException, InterruptedException {
    Path probe = folder.resolve("probe");
    Files.writeString(probe, "");
    String before = CorpusFiles.stamp(probe);
    while (CorpusFiles.stamp(probe).equals(before)) {
      Thread.sleep(2);
      Files.writeString(probe, "");
    }
  }

  /** Held-out texts of their own are no corpus that is learned. */
  @Test
  void textsThatAreHeldOutHaveACacheOfTheirOwn() {
    Configuration configuration =
        Given.sources(
            keys(
                "data.format=jsonl data.path=DIR/corpus/a.jsonl train.sequence=8"
                    + " validation.path=DIR/corpus/b.json data.cache="
                    + cache));
    try (Samples learned = Given.samples(configuration);
        HeldOutSamples heldOut = Given.heldOut(configuration)) {
      assertNotEquals(learned.digest(), heldOut.digest());
    }
    Configuration swapped =
        Given.sources(
            keys(
                "data.format=jsonl data.path=DIR/corpus/a.jsonl data.field=body train.sequence=8"
                    + " validation.path=DIR/corpus/b.json data.cache="
                    + cache));
    try (HeldOutSamples heldOut = Given.heldOut(configuration);
        HeldOutSamples other = Given.heldOut(swapped)) {
      assertNotEquals(heldOut.digest(), other.digest());
    }
  }
}
