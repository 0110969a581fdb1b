package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text comes out token by token as it is in the whole. */
class TextStreamTest {
  private static final String LLAMA_2 =
      """
      {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}""";
  private static final String TEXT =
      "ab c  a \ud83d\ude00\ud83d\ude03 \u00e9\n\n\u4e2d b\ud83d\ude00";

  @TempDir Path folder;

  /** The tokenizer of a shape with the decoder that models of it have. */
  private Tokenizer tokenizer(String name) throws IOException {
    if (name.equals("bytes")) {
      return new ByteTokenizer();
    }
    Shape shape =
        Shape.all().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
    ObjectMapper mapper = new ObjectMapper();
    Path file = shape.write(folder);
    ObjectNode all = (ObjectNode) mapper.readTree(file.toFile());
    String decoder =
        switch (name) {
          case "Llama 2" -> LLAMA_2;
          case "Metaspace first" ->
              "{\"type\": \"Metaspace\", \"replacement\": \"\u2581\", \"prepend_scheme\":"
                  + " \"first\", \"split\": false}";
          default ->
              "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true,"
                  + " \"use_regex\": true}";
        };
    all.set("decoder", mapper.readTree(decoder));
    Files.writeString(file, mapper.writeValueAsString(all));
    return Given.tokenizer(Given.configuration(Path.of("any"), "data.tokenizer=" + folder));
  }

  private static List<String> chunks(TextStream stream, int[] tokens) {
    List<String> chunks = new ArrayList<>();
    for (int token : tokens) {
      chunks.add(stream.add(token));
    }
    return chunks;
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes", "GPT-2", "Llama 3", "Llama 2"})
  void noChunkHoldsHalfACharacter(String name) throws IOException {
    try (Tokenizer tokenizer = tokenizer(name)) {
      int[] tokens = tokenizer.encode(TEXT);
      TextStream stream = new TextStream(tokenizer);
      List<String> chunks = chunks(stream, tokens);
      chunks.forEach(chunk -> assertFalse(chunk.contains("\ufffd"), chunk));
      assertEquals(TEXT, String.join("", chunks));
      assertEquals("", stream.finish());
      assertTrue(chunks.stream().filter(chunk -> !chunk.isEmpty()).count() > TEXT.length() / 2);
    }
  }

  /** What comes out is what the text of all tokens so far has grown by, character by character. */
  @ParameterizedTest
  @ValueSource(strings = {"GPT-2", "Llama 2", "Metaspace first"})
  void chunksAreDifferencesOfGrowingTexts(String name) throws IOException {
    String text = "ab c  a   b. ab cab </s> a ab  ";
    try (Tokenizer tokenizer = tokenizer(name)) {
      int[] tokens = tokenizer.encode(text);
      TextStream stream = new TextStream(tokenizer);
      String before = "";
      for (int i = 0; i < tokens.length; i++) {
        String now = tokenizer.decode(Arrays.copyOf(tokens, i + 1), true);
        assertEquals(now.substring(before.length()), stream.add(tokens[i]), "token " + i);
        before = now;
      }
      assertEquals("", stream.finish());
    }
  }

  /** Also of tokens that no text has, and cut wherever it may be. */
  @ParameterizedTest
  @ValueSource(strings = {"bytes", "GPT-2", "Llama 2", "Metaspace first"})
  void chunksOfAnyTokensJoinToTheWhole(String name) throws IOException {
    Random random = new Random(5);
    try (Tokenizer tokenizer = tokenizer(name)) {
      int[] text = tokenizer.encode(TEXT);
      for (int trial = 0; trial < 300; trial++) {
        int[] tokens =
            trial % 2 == 0
                ? Arrays.copyOf(text, random.nextInt(text.length + 1))
                : random.ints(random.nextInt(40), 0, tokenizer.vocabulary() + 3).toArray();
        TextStream stream = new TextStream(tokenizer);
        String joined = String.join("", chunks(stream, tokens)) + stream.finish();
        assertEquals(tokenizer.decode(tokens, true), joined, Arrays.toString(tokens));
      }
    }
  }

  /** The library alone makes six of U+FFFD of both faces. */
  @Test
  void aWholeCharacterStaysWhenTheNextIsCut() throws IOException {
    try (Tokenizer tokenizer = tokenizer("Llama 2")) {
      int[] tokens = tokenizer.encode("\ud83d\ude00\ud83d\ude03");
      int[] cut = Arrays.copyOf(tokens, tokens.length - 2);
      assertEquals("\ud83d\ude00\ufffd\ufffd", tokenizer.decode(cut, true));
      TextStream stream = new TextStream(tokenizer);
      assertEquals("\ud83d\ude00", String.join("", chunks(stream, cut)));
      assertEquals("\ufffd\ufffd", stream.finish());
    }
  }

  /** A newline of Llama 2 is a byte: nothing may wait for what follows it. */
  @Test
  void aByteThatIsACharacterComesAtOnce() throws IOException {
    try (Tokenizer tokenizer = tokenizer("Llama 2")) {
      int[] tokens = tokenizer.encode("a\n");
      assertEquals(List.of("a", "\n"), chunks(new TextStream(tokenizer), tokens));
    }
  }

  /** Behind a prompt the first token has its space, and a character begun there comes out whole. */
  @Test
  void whatFollowsAPrompt() throws IOException {
    try (Tokenizer tokenizer = tokenizer("Llama 2")) {
      int[] answer = tokenizer.encode("ab");
      assertEquals("ab", tokenizer.decode(answer, true));
      TextStream stream = new TextStream(tokenizer, tokenizer.encode("c:"));
      assertEquals(" ab", String.join("", chunks(stream, answer)));
    }
    int[] face = new ByteTokenizer().encode("c\ud83d\ude00");
    TextStream stream = new TextStream(new ByteTokenizer(), Arrays.copyOf(face, 3));
    assertEquals("", stream.add(face[3]));
    assertEquals("\ud83d\ude00", stream.add(face[4]));
  }

  @Test
  void specialTokensAreSpelledOrNot() throws IOException {
    try (Tokenizer tokenizer = tokenizer("Llama 2")) {
      int[] tokens = tokenizer.encode("ab</s> c");
      assertTrue(tokenizer.decode(tokens, false).contains("ab</s>"));
      assertFalse(tokenizer.decode(tokens, true).contains("</s>"));
      assertEquals(OptionalInt.of(1), tokenizer.token("</s>"));
      assertEquals(OptionalInt.empty(), tokenizer.token("</t>"));
      assertEquals("", tokenizer.decode(new int[] {-1, tokenizer.vocabulary()}, false));
    }
    assertEquals(OptionalInt.of('\n'), new ByteTokenizer().token("\n"));
    assertEquals(OptionalInt.empty(), new ByteTokenizer().token("</s>"));
  }
}
