package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** However a document is cut, and whatever it holds, its tokens are those of the whole text. */
class PiecesTest {
  private static final String SYSTEM =
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
          + " helpful, detailed, and polite answers to the user's questions.";
  private static final List<String> PARTS =
      List.of(
          ("a b c ab ca ed  d e A B S s . , : ! ' 's 'll 0 1 19 \u00e9 e\u0301 \u0301 \u4e2d \u2581"
                  + " <s> </s> <l> <r> < /s> \ud83d\ude00 \ud83d \ude00 \0 \u00a0 \u3000 \u00a8"
                  + " \ufb00 USER: \ufdd0 \u2460")
              .split(" "));

  @TempDir Path folder;

  private static List<Shape> shapes() {
    return Shape.all();
  }

  private static Shape shape(String name) {
    return shapes().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }

  private Tokenizer tokenizer(Path json) {
    return Given.tokenizer(Given.configuration(folder, "data.tokenizer=" + json));
  }

  /** Words and odd characters, and between them white space of every kind, or none. */
  private static String text(Random random, int most) {
    StringBuilder text = new StringBuilder();
    List<String> spaces = List.of(" ", " ", " ", "  ", "    ", "\n", "\n\n", " \n", "\r\n", "\t");
    for (int i = random.nextInt(most); i >= 0; i--) {
      text.append(PARTS.get(random.nextInt(PARTS.size())));
      if (random.nextInt(3) > 0) {
        text.append(spaces.get(random.nextInt(spaces.size())));
      }
    }
    return text.toString();
  }

  private static void assertSpans(Tokenizer.Spans whole, Encoder encoder, String text)
      throws IOException {
    List<Integer> tokens = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    encoder.spans(
        text,
        (token, start) -> {
          tokens.add(token);
          starts.add((int) start);
        });
    assertEquals(Arrays.stream(whole.tokens()).boxed().toList(), tokens, text);
    assertEquals(Arrays.stream(whole.starts()).boxed().toList(), starts, text);
  }

  /** Pieces of one character as far as cuts are allowed, and longer ones. */
  @ParameterizedTest
  @MethodSource("shapes")
  void piecesHaveTheTokensOfTheWhole(Shape shape) throws IOException {
    Random random = new Random(1);
    int cuts = 0;
    try (Tokenizer tokenizer = tokenizer(shape.write(folder))) {
      assertHalfPairsAreReplaced(tokenizer);
      for (int i = 0; i < 40; i++) {
        String text = text(random, 30);
        Tokenizer.Spans whole = tokenizer.spans(text);
        for (int usual : new int[] {1, 9}) {
          Encoder encoder = new Encoder(tokenizer, new TextPieces.Size(usual, 10_000));
          assertSpans(whole, encoder, text);
        }
        cuts += assertEveryCut(tokenizer, text, whole.tokens());
      }
    }
    assertEquals(shape.cuts(), cuts > 20, cuts + " cuts");
  }

  /** Cuts in two wherever it is allowed; returns how often. */
  private static int assertEveryCut(Tokenizer tokenizer, String text, int[] whole) {
    int context = tokenizer.encode(tokenizer.cuts().context()).length;
    int cuts = 0;
    for (int at = 1; at < text.length(); at++) {
      if (tokenizer.cuts().between(text.charAt(at - 1), text.charAt(at))) {
        int[] right = tokenizer.encode(tokenizer.cuts().context() + text.substring(at));
        IntStream both =
            IntStream.concat(
                Arrays.stream(tokenizer.encode(text.substring(0, at))),
                Arrays.stream(right).skip(context));
        assertArrayEquals(whole, both.toArray(), text + " cut at " + at);
        cuts++;
      }
    }
    return cuts;
  }

  private TokenFile tokens(String format, String json, Path tokenizer) throws IOException {
    Path file = Files.writeString(folder.resolve("data.jsonl"), json + "\n");
    return Given.tokens(file, "data.format=" + format, "data.tokenizer=" + tokenizer);
  }

  /** Every document of the file is compared with what the library makes of its whole text. */
  @ParameterizedTest
  @MethodSource("shapes")
  void turnsHaveTheTokensOfTheWholeConversation(Shape shape) throws IOException {
    Random random = new Random(2);
    Path json = shape.write(folder);
    ObjectMapper mapper = new ObjectMapper();
    mapper.enable(JsonWriteFeature.ESCAPE_NON_ASCII.mappedFeature()); // UTF-8 has no half pairs
    StringBuilder lines = new StringBuilder();
    List<Integer> expected = new ArrayList<>();
    try (Tokenizer tokenizer = tokenizer(json)) {
      for (int i = 0; i < 10; i++) {
        ObjectNode line = mapper.createObjectNode();
        ArrayNode messages = line.putArray("conversations");
        StringBuilder whole = new StringBuilder(SYSTEM + " ");
        List<int[]> learned = new ArrayList<>();
        for (int turn = random.nextInt(4); turn >= 0; turn--) {
          String question = text(random, 5);
          String answer = text(random, 5);
          messages.addObject().put("from", "human").put("value", question);
          messages.addObject().put("from", "gpt").put("value", answer);
          whole.append("USER: " + question + " ASSISTANT:");
          learned.add(new int[] {whole.length(), 0});
          whole.append(" " + answer);
          learned.get(learned.size() - 1)[1] = whole.length();
          whole.append("</s>");
        }
        lines.append(mapper.writeValueAsString(line)).append('\n');
        expected.add(~0); // <s>
        Tokenizer.Spans spans = tokenizer.spans(whole.toString());
        for (int t = 0; t < spans.tokens().length; t++) {
          int start = spans.starts()[t];
          boolean answers = learned.stream().anyMatch(one -> one[0] <= start && start <= one[1]);
          expected.add(answers ? spans.tokens()[t] : ~spans.tokens()[t]);
        }
      }
    }
    try (TokenFile file = tokens("conversations", lines.toString(), json)) {
      int[] entries = file.entries(0, (int) file.tokens());
      assertEquals(expected, Arrays.stream(entries).boxed().toList());
      assertTrue(Arrays.stream(entries).filter(entry -> entry >= 0).count() > 30);
    }
  }

  /** The end cannot be written in a text: the words around it are those around one that can. */
  @ParameterizedTest
  @CsvSource({"Llama 2, normalized", "Llama 2, single_word", "Metaspace first, single_word"})
  void endsThatAreNotFoundInTexts(String name, String flag) throws IOException {
    Shape shape = shape(name);
    String talk =
        """
        {"conversations": [{"from": "human", "value": "a b"}, {"from": "gpt", "value": "ab c"},
         {"from": "human", "value": " a b"}, {"from": "gpt", "value": "c "}]}\
        """
            .replace("\n", "");
    int[] expected;
    try (TokenFile file = tokens("conversations", talk, shape.write(folder))) {
      expected = file.entries(0, (int) file.tokens());
    }
    try (TokenFile file = tokens("conversations", talk, shape.writeWithEnd(folder, flag))) {
      assertArrayEquals(expected, file.entries(0, (int) file.tokens()));
    }
    assertEquals(2, Arrays.stream(expected).filter(entry -> entry == 1).count());
  }

  /** Half pairs, whole ones and U+0000 in one text; the library alone would change all of them. */
  private static void assertHalfPairsAreReplaced(Tokenizer tokenizer) {
    String halves = "a \ud83d b \0\ud83d\ude00 \ude00\ud83d c\ud83d";
    Tokenizer.Spans spans = tokenizer.spans(halves);
    Tokenizer.Spans replaced = tokenizer.spans("a \ufffd b \0\ud83d\ude00 \ufffd\ufffd c\ufffd");
    assertArrayEquals(replaced.tokens(), spans.tokens());
    assertArrayEquals(replaced.starts(), spans.starts());
    assertArrayEquals(spans.tokens(), tokenizer.encode(halves));
  }

  @Test
  void halfPairsAreReplacementCharactersInBytesToo() {
    Tokenizer bytes = new ByteTokenizer();
    assertHalfPairsAreReplaced(bytes);
    assertArrayEquals(ByteTokenizer.tokens("a\ufffd".getBytes(UTF_8)), bytes.encode("a\ud83d"));
  }

  /** A letter, U+0000, and a smile of four bytes, whose tokens come behind the three added ones. */
  @Test
  void charactersKeepTheirBytes() throws IOException {
    try (Tokenizer tokenizer = tokenizer(shape("digits").write(folder))) {
      assertArrayEquals(
          IntStream.of('c', 0, 0xF0, 0x9F, 0x98, 0x80, 0xEF, 0xBF, 0xBD).map(b -> b + 3).toArray(),
          tokenizer.encode("c\0\ud83d\ude00\ud83d"));
    }
  }

  /** A file, a record, and a text in memory. */
  @ParameterizedTest
  @ValueSource(strings = {"Metaspace first", "Llama 3"})
  void longDocumentsOfEveryFormat(String name) throws IOException {
    Path json = shape(name).write(folder);
    Random random = new Random(3);
    StringBuilder some = new StringBuilder();
    while (some.length() < TextPieces.Size.DEFAULT.usual() + 1000) {
      some.append(text(random, 30));
    }
    String text = WellFormed.text(some.toString().replace("<", ""));
    int[] expected;
    try (Tokenizer tokenizer = tokenizer(json)) {
      expected = tokenizer.encode(text);
    }
    ObjectNode line = new ObjectMapper().createObjectNode().put("text", text);
    try (TokenFile record = tokens("jsonl", line.toString(), json);
        TokenFile file =
            Given.tokens(
                Files.writeString(folder.resolve("text"), text), "data.tokenizer=" + json)) {
      assertEquals(record.digest(), file.digest());
      assertArrayEquals(expected, record.entries(1, (int) record.tokens() - 2));
    }
  }

  @Test
  void whatCanBeCutNowhereHasALimit() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "a line\nb b\nabcabcabcabcabc b");
    Path json = shape("Llama 3").write(folder);
    Configuration configuration = Given.configuration(file, "data.tokenizer=" + json);
    try (Tokenizer tokenizer = Given.tokenizer(configuration);
        OrderedWork work = new OrderedWork(2);
        FileChannel channel =
            FileChannel.open(
                folder.resolve("tokens"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      Encoder encoder = new Encoder(tokenizer, new TextPieces.Size(4, 12));
      TextDocuments documents = new TextDocuments(encoder, configuration.source());
      InputException error =
          assertThrows(
              InputException.class,
              () ->
                  documents.read(
                      file,
                      new CorpusOutput(
                          new TokenFileWriter(channel),
                          new RecordCounter(false),
                          work,
                          new TokenizingProgress(1, System::nanoTime, line -> {}))));
      assertEquals(
          "-D data.tokenizer = \""
              + json
              + "\": cannot encode "
              + file
              + ":2: more than 12 characters and no place where this tokenizer lets a text be cut"
              + " without other tokens",
          error.getMessage());
    }
  }
}
