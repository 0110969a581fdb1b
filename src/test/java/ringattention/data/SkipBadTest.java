package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/**
 * With {@code data.skipBad} a record that cannot be used is left out, and counted with its reason.
 */
class SkipBadTest {
  private static final String GOOD = "{\"instruction\": \"q\", \"output\": \"yes\"}\n";

  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static TokenFile open(List<Path> files, String... keys) {
    Configuration configuration = Given.configuration(files.get(0), keys);
    try (Tokenizer tokenizer = Given.tokenizer(configuration)) {
      return new TokenizedCorpus(configuration, tokenizer).open(files);
    }
  }

  /** Reasons as "number reason first", without the folder. */
  private List<String> reasons(CorpusCounts counts) {
    return counts.skipped().stream()
        .map(
            reason ->
                reason.count()
                    + " "
                    + reason.text()
                    + " "
                    + reason.first().replace(folder + "/", ""))
        .toList();
  }

  @Test
  void conversations() throws IOException {
    String user = "{\"role\": \"user\", \"content\": \"q\"}";
    String bad =
        """
        {"messages": [
        {"messages": [USER, {"role": "bot", "content": "x"}]}
        {"messages": [USER, USER, {"role": "gnome", "content": "x"}]}
        [1]
        {"messages": [USER]}
        {"messages": "text"}
        {"text": "t"}
        {"body": "t", "more": 1}
        {"messages": [USER, {"role": "assistant", "content": 7}]}
        """
            .replace("USER", user);
    Path first = file("a.jsonl", GOOD + bad);
    Path second = file("b.jsonl", "{\"messages\": []}\n" + GOOD + GOOD);
    String[] keys = {"data.format=conversations", "data.template=chatml", "data.skipBad=true"};
    try (TokenFile tokens = open(List.of(first, second), keys)) {
      assertEquals(3, tokens.documents());
      CorpusCounts counts = tokens.counts();
      assertEquals(13, counts.records());
      assertEquals(10, counts.skippedRecords());
      assertEquals(Map.of("user", 3L, "assistant", 3L), counts.messages());
      assertEquals(3L * "yes<|im_end|>".length(), counts.labels());
      assertEquals(
          List.of(
              "2 message N: unknown role \"...\", there are human, user, gpt, assistant, system,"
                  + " tool, observation, function_call a.jsonl:3",
              "2 must have a list messages or conversations, or texts instruction and output"
                  + " a.jsonl:8",
              "1 not valid JSON: Unexpected end-of-input: expected close marker for Array"
                  + " a.jsonl:2",
              "1 must be a JSON object a.jsonl:5",
              "1 the conversation has no answer to learn a.jsonl:6",
              "1 messages must be a list of messages, it is STRING a.jsonl:7",
              "1 message N: its content must be a text or a list of parts, it is NUMBER"
                  + " a.jsonl:10",
              "1 the conversation is empty b.jsonl:1"),
          reasons(counts));
    }
  }

  /** What remains has the tokens and the digest of a corpus that never had the bad records. */
  @Test
  void theRestIsAsIfTheyHadNotBeenThere() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        Files.readString(Given.WORDS.resolve("tokenizer.json"))
            .replace("\"unk_token\": \"<unk>\"", "\"unk_token\": \"none\""));
    Files.copy(
        Given.WORDS.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
    String good = "{\"text\": \"red green\"}\n";
    Path clean = file("clean.jsonl", good + good);
    Path dirty =
        file(
            "dirty.jsonl",
            "{\"text\": \"yellow\"}\n"
                + good
                + "{\"text\": \"\"}\n{\"text\": 3}\n{\"text\": \"red red yellow\"}\n"
                + good
                + "{\"text\": \"pink\"}\n{\"text\": \"red");
    String[] keys = {"data.format=jsonl", "data.tokenizer=" + folder, "data.skipBad=true"};
    try (TokenFile expected = open(List.of(clean), keys);
        TokenFile found = open(List.of(dirty), keys)) {
      assertEquals(expected.digest(), found.digest());
      assertEquals(2, found.documents());
      assertEquals(List.of(), expected.counts().skipped());
      assertEquals(1, found.counts().empty());
      assertEquals(8, found.counts().records());
      assertEquals(
          List.of(
              "3 cannot encode: there is no token for a part of it (WordLevel error: Missing [UNK]"
                  + " token from the vocabulary) dirty.jsonl:1",
              "1 data.field must name a text, it is NUMBER dirty.jsonl:4",
              "1 not valid JSON: Unexpected end-of-input: was expecting closing quote for a"
                  + " string value dirty.jsonl:8"),
          reasons(found.counts()));
    }
  }

  /** A document that is taken back was written in part, or not at all; the digest forgets it. */
  @Test
  void documentsOfAnyLengthAreTakenBack() throws IOException {
    Random random = new Random(5);
    Path kept = folder.resolve("kept");
    Path dropped = folder.resolve("dropped");
    try (FileChannel plain =
            FileChannel.open(kept, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileChannel taken =
            FileChannel.open(dropped, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      TokenFileWriter one = new TokenFileWriter(plain);
      TokenFileWriter other = new TokenFileWriter(taken);
      for (int i = 0; i < 12; i++) {
        boolean drop = i % 3 == 1;
        int length = i == 0 ? 1 << 18 : random.nextInt(i < 3 ? 700_000 : 200_000);
        for (int at = 0; at < length; at++) {
          other.add(at, at % 2 == 0);
          if (!drop) {
            one.add(at, at % 2 == 0);
          }
        }
        if (drop) {
          other.drop();
        } else {
          one.endDocument();
          other.endDocument();
        }
      }
      one.finish(CorpusCounts.NONE);
      other.finish(CorpusCounts.NONE);
    }
    assertEquals(-1, Files.mismatch(kept, dropped));
    try (TokenFile file = TokenFile.open(dropped, Given.configuration(dropped).source(), 1 << 20)) {
      assertEquals(8, file.counts().firsts());
      assertEquals((file.tokens() + 8) / 2, file.counts().labels() + 8, 8);
    }
  }

  @Test
  void aCachedCorpusTellsTheSame() throws IOException {
    Path talks = file("a.jsonl", GOOD + "{\"messages\": []}\nno JSON\n");
    Path cache = folder.resolve("cache");
    String[] skipping = {
      "data.format=conversations",
      "data.skipBad=true",
      "data.cache=" + cache,
      "data.template=chatml"
    };
    CorpusCounts made;
    try (TokenFile tokens = open(List.of(talks), skipping)) {
      made = tokens.counts();
    }
    assertEquals(2, made.skippedRecords());
    assertEquals(Map.of("user", 1L, "assistant", 1L), made.messages());
    Path kept;
    try (Stream<Path> all = Files.list(cache)) {
      kept = all.filter(path -> path.toString().endsWith(".tokens")).findFirst().orElseThrow();
    }
    var time = Files.getLastModifiedTime(kept);
    try (TokenFile tokens = open(List.of(talks), skipping)) {
      assertEquals(made, tokens.counts());
      assertEquals(time, Files.getLastModifiedTime(kept), "nothing was tokenized again");
    }
    // without the key they are an error, whatever lies in the cache
    InputException error =
        assertThrows(
            InputException.class,
            () -> open(List.of(talks), skipping[0], skipping[2], skipping[3]));
    assertTrue(
        error.getMessage().endsWith("a.jsonl:2: the conversation is empty"), error.getMessage());
  }

  @Test
  void aFileOfBadRecordsIsAnError() throws IOException {
    Path good = file("a.jsonl", GOOD);
    Path bad = file("b.jsonl", "{\"messages\": []}\n\n{\"messages\": [3]}\n");
    InputException error =
        assertThrows(
            InputException.class,
            () -> open(List.of(good, bad), "data.format=conversations", "data.skipBad=true"));
    assertEquals(
        "-D data.path = \""
            + good
            + "\": "
            + bad
            + " holds no document: 2 bad records, the last at "
            + bad
            + ":3: message 1: must have from and value, or role and content",
        error.getMessage());
  }

  /** The first line may be a broken record, or the beginning of one that takes several lines. */
  @Test
  void aBrokenFirstLine() throws IOException {
    String[] keys = {"data.format=jsonl", "data.skipBad=true"};
    Path broken = file("a.jsonl", "{\"text\": \"cut\"\n{\"text\": \"b\"}\n{\"text\": \"c\"}\n");
    try (TokenFile tokens = open(List.of(broken), keys)) {
      assertEquals(2, tokens.documents());
      assertEquals(1, tokens.counts().skippedRecords());
    }
    Path several = file("b.jsonl", "{\n\"text\": \"b\"}\n7\n{\n\"text\": 3}\n{\"text\": \"c\"}\n");
    try (TokenFile tokens = open(List.of(several), keys)) {
      assertEquals(2, tokens.documents());
      assertEquals(
          List.of(
              "1 must be a JSON object b.jsonl:3",
              "1 data.field must name a text, it is NUMBER b.jsonl:4"),
          reasons(tokens.counts()));
    }
    Path array = file("c.json", "[{\"text\": \"a\"},\n7,\n{\"text\": \"b\"}]");
    try (TokenFile tokens = open(List.of(array), keys)) {
      assertEquals(2, tokens.documents());
      assertEquals(List.of("1 must be a JSON object c.json:2"), reasons(tokens.counts()));
    }
    // what lies behind is out of reach, and nobody knows how much that is
    Path open = file("d.json", "[{\"text\": \"a\"},\n{\"text\": }, {\"text\": \"b\"}]");
    InputException error = assertThrows(InputException.class, () -> open(List.of(open), keys));
    assertTrue(error.getMessage().contains("d.json:2: not valid JSON: "), error.getMessage());
  }

  @Test
  void reasonsAreFewAndShort() throws IOException {
    StringBuilder text = new StringBuilder(GOOD);
    for (int i = 0; i < 100; i++) {
      String letters = Integer.toString(i, 2).replace('0', 'a').replace('1', 'b');
      text.append("{\"instruction\": \"")
          .append(letters)
          .append("x".repeat(300))
          .append("\", \"output\": \"yes\"}\n");
    }
    Path template =
        file(
            "t.jinja",
            "{% if messages[0].content != 'q' %}{{ raise_exception(messages[0].content) }}{% endif"
                + " %}{% for m in messages %}{{ m.content }}{% endfor %}");
    try (TokenFile tokens =
        open(
            List.of(file("a.jsonl", text.toString())),
            "data.format=conversations",
            "data.skipBad=true",
            "data.template=" + template)) {
      CorpusCounts counts = tokens.counts();
      assertEquals(100, counts.skippedRecords());
      assertEquals(RecordCounter.MOST + 1, counts.skipped().size());
      assertEquals(RecordCounter.OTHERS, counts.skipped().get(0).text());
      assertEquals(100 - RecordCounter.MOST, counts.skipped().get(0).count());
      assertTrue(counts.skipped().stream().allMatch(reason -> reason.text().length() < 210));
      assertEquals(
          "skipped 100 of 101 records (data.skipBad), by reason:", counts.skippedLines().get(0));
    }
    assertEquals(
        "a 'b' \"...\" N".replace("'b'", "'...'"),
        RecordCounter.general("a 'xx' \"y 3\" 45\nmore"));
    assertEquals("it's N, isn't it", RecordCounter.general("it's 5, isn't it"));
  }

  /** Only what has one before it in its document is a label; in a stream, all but the first are. */
  @Test
  void labelsAreCountedAsTheyAreLearned() throws IOException {
    Path lines =
        file(
            "a.jsonl",
            Stream.of("abc", "defg", "").map(SkipBadTest::line).collect(Collectors.joining()));
    for (boolean documents : new boolean[] {true, false}) {
      Configuration configuration =
          Given.configuration(
              lines, "data.format=jsonl", "data.documents=" + documents, "train.sequence=8");
      CorpusPreview preview =
          CorpusPreview.of(
              configuration, 1, 400, Optional.of(new SampleShape(4, 400, 1)), line -> {});
      assertEquals(9, preview.tokens());
      assertEquals(documents ? 7 : 8, preview.learned());
      assertEquals(1, preview.longer(), "abc and its end fit, defg and its end do not");
      try (HeldOutSamples all = Given.heldOut(configuration)) {
        assertEquals(all.labels(), preview.learned());
      }
    }
  }

  private static String line(String text) {
    return "{\"text\": \"" + text + "\"}\n";
  }
}
