package ringattention.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.data.ChatPrompt;
import ringattention.data.Tokenizer;
import ringattention.input.Configuration;
import ringattention.input.InputException;

class RequestReaderTest {
  private static final String PAIRS = "src/test/resources/tokenizers/pairs";
  private static final Settings DEFAULTS =
      new Settings(128, 1, new Sampling(0, 0, 1, 1, 1), List.of("END"));

  @TempDir Path folder;

  private static RequestReader reader(String tokenizer) {
    Configuration configuration =
        Sections.INPUTS.defaults(
            List.of(
                "data.path=any", "data.tokenizer=" + tokenizer, "generate.prompts=prompts.jsonl"));
    Tokenizer made = Tokenizer.of(configuration, 400);
    ChatPrompt chats =
        ChatPrompt.of(
            "vicuna", "generate.template", configuration.source(), Optional.empty(), made);
    return new RequestReader(made, chats, 400, DEFAULTS, configuration.source());
  }

  private Requests read(String tokenizer, String... lines) throws IOException {
    Path file = Files.writeString(folder.resolve("p.jsonl"), String.join("\n", lines));
    return reader(tokenizer).file(file);
  }

  private static int[] pairs(String text) {
    try (Tokenizer tokenizer =
        Tokenizer.of(
            Sections.INPUTS.defaults(List.of("data.path=any", "data.tokenizer=" + PAIRS)), 400)) {
      return tokenizer.encode(text);
    }
  }

  private static int[] begun(int[] tokens) {
    return IntStream.concat(IntStream.of(1), IntStream.of(tokens)).toArray(); // <s>
  }

  @Test
  void promptsTokensAndMessages() throws IOException {
    Requests read =
        read(
            "bytes",
            "{\"prompt\": \"ab\"}",
            "",
            "{\"tokens\": [7, 399], \"id\": 12}",
            "{\"id\": \"talk\", \"messages\": [{\"role\": \"system\", \"content\": \"S\"},"
                + " {\"role\": \"user\", \"content\": \"q\"}]}");
    assertEquals(List.of(), read.problems());
    assertEquals(List.of("1", "12", "talk"), read.requests().stream().map(Request::id).toList());
    assertArrayEquals(Rig.bytes("ab"), read.requests().get(0).prompt());
    assertArrayEquals(new int[] {7, 399}, read.requests().get(1).prompt());
    assertArrayEquals(Rig.bytes("S USER: q ASSISTANT:"), read.requests().get(2).prompt());
    assertSame(DEFAULTS.stop(), read.requests().get(0).settings().stop());
    assertEquals(DEFAULTS, read.requests().get(0).settings());
  }

  /** Once, also where the text spells it; tokens are as they are. */
  @Test
  void theTokensThatBeginADocumentComeFirst() throws IOException {
    Requests read =
        read(
            PAIRS,
            "{\"prompt\": \"yes\"}",
            "{\"prompt\": \"<s>yes\"}",
            "{\"tokens\": [363]}",
            "{\"prompt\": \"\"}",
            "{\"messages\": [{\"from\": \"human\", \"value\": \"yes\"}]}");
    assertEquals(List.of(), read.problems());
    assertArrayEquals(begun(pairs("yes")), read.requests().get(0).prompt());
    assertArrayEquals(pairs("<s>yes"), read.requests().get(1).prompt());
    assertArrayEquals(new int[] {363}, read.requests().get(2).prompt());
    assertArrayEquals(new int[] {1}, read.requests().get(3).prompt());
    int[] talk = read.requests().get(4).prompt();
    assertEquals(1, talk[0]);
    assertEquals(1, IntStream.of(talk).filter(token -> token == 1).count());
  }

  /** A context that ends a line and a prompt have the tokens of both as one text. */
  @Test
  void contextAndPromptAreOneText() throws IOException {
    Requests read =
        read(
            PAIRS,
            "{\"context\": \"yes no\\n\", \"prompt\": \"yes\"}",
            "{\"context\": \"yes no\\n\", \"prompt\": \"no yes\"}",
            "{\"context\": \"yes no\\n\", \"prompt\": \"\"}",
            "{\"context\": \"yes no\\n\", \"tokens\": [5]}");
    assertEquals(List.of(), read.problems());
    Request first = read.requests().get(0);
    assertArrayEquals(begun(pairs("yes no\nyes")), first.all());
    assertArrayEquals(begun(pairs("yes no\n")), first.context());
    assertArrayEquals(begun(pairs("yes no\nno yes")), read.requests().get(1).all());
    assertEquals(0, read.requests().get(2).prompt().length);
    assertArrayEquals(new int[] {5}, read.requests().get(3).prompt());
    assertSame(first.context(), read.requests().get(1).context()); // it may be long
  }

  @Test
  void settingsOfARequest() throws IOException {
    Requests read =
        read(
            "bytes",
            "{\"prompt\": \"a\", \"maxNewTokens\": 3, \"samples\": 2, \"temperature\": 1, \"topK\":"
                + " 4, \"topP\": 0.5, \"repetitionPenalty\": 1.5, \"seed\": -7, \"stop\": []}");
    assertEquals(
        new Settings(3, 2, new Sampling(1, 4, .5, 1.5, -7), List.of()),
        read.requests().get(0).settings());
  }

  /** Each is reported with its line, and those around it are read. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"prompt": "a"           | not valid JSON: Unexpected end-of-input: expected close marker for Object
          ["a"]                    | must be a JSON object
          {"prompt": ""}           | the prompt has no token
          {"tokens": []}           | the prompt has no token
          {"id": "a"}              | must have one of prompt, tokens, messages
          {"prompt": "a", "tokens": [1]} | must have one of prompt, tokens, messages
          {"prompt": 1}            | prompt must be a text
          {"prompt": null}         | prompt must be a text
          {"prompt": "a", "context": 1} | context must be a text
          {"tokens": 1}            | tokens must be a list of whole numbers
          {"tokens": [400]}        | tokens must be whole numbers from 0 to 399
          {"tokens": [-1]}         | tokens must be whole numbers from 0 to 399
          {"tokens": ["1"]}        | tokens must be whole numbers from 0 to 399
          {"tokens": [4294967297]} | tokens must be whole numbers from 0 to 399
          {"messages": "a"}        | messages must be a list
          {"messages": []}         | the conversation is empty
          {"messages": [{"role": "user", "content": 1}]} | message 1: its content must be a text or a list of parts, it is NUMBER
          {"prompt": "a", "id": ""} | id must be a text or a whole number
          {"prompt": "a", "id": [1]} | id must be a text or a whole number
          {"prompt": "a", "id": "first"} | id "first" is that of line 1
          {"prompt": "a", "temprature": 1} | unknown field "temprature", there are id, context, prompt, tokens, messages, tools, maxNewTokens, samples, temperature, topK, topP, repetitionPenalty, seed, stop
          {"prompt": "a", "a\\nb": 1} | unknown field "a\\u000ab", there are id, context, prompt, tokens, messages, tools, maxNewTokens, samples, temperature, topK, topP, repetitionPenalty, seed, stop
          {"prompt": "a", "temperature": -1} | temperature must be a number, at least 0
          {"prompt": "a", "temperature": "1"} | temperature must be a number
          {"prompt": "a", "topK": 1.5} | topK must be a whole number, at most 2147483647
          {"prompt": "a", "topK": 4294967296} | topK must be a whole number, at most 2147483647
          {"prompt": "a", "topP": 2} | topP must be a number, above 0, at most 1
          {"prompt": "a", "maxNewTokens": 0} | maxNewTokens must be a whole number, at least 1
          {"prompt": "a", "samples": 0} | samples must be a whole number, at least 1
          {"prompt": "a", "stop": "x"} | stop must be a list of texts
          {"prompt": "a", "stop": [1]} | stop must be a list of texts
          {"prompt": "a", "stop": [""]} | stop must not hold an empty text
          """)
  void brokenLines(String line, String problem) throws IOException {
    Requests read =
        read("bytes", "{\"prompt\": \"a\", \"id\": \"first\"}", line, "{\"prompt\": \"b\"}");
    assertEquals(List.of(folder.resolve("p.jsonl") + ":2: " + problem), read.problems());
    assertEquals(List.of("first", "3"), read.requests().stream().map(Request::id).toList());
  }

  @Test
  void textFilesAndStreams() throws IOException {
    Path file = Files.writeString(folder.resolve("p.txt"), "{\"prompt\"\n\n");
    Requests read = reader("bytes").file(file);
    assertArrayEquals(Rig.bytes("{\"prompt\"\n"), read.requests().get(0).prompt());
    assertEquals("1", read.requests().get(0).id());

    Requests text = reader("bytes").stream(stream(" tell me\r\n"), "standard input");
    assertArrayEquals(Rig.bytes(" tell me"), text.requests().get(0).prompt());
    Requests lines = reader("bytes").stream(stream("\n {\"prompt\": \"a\"}\n{"), "standard input");
    assertEquals("2", lines.requests().get(0).id());
    assertTrue(lines.problems().get(0).startsWith("standard input:3: not valid JSON"));
    assertEquals(
        List.of("standard input: the prompt has no token"),
        reader("bytes").stream(stream(""), "standard input").problems());
    assertEquals(
        List.of("standard input: must be UTF-8 text"),
        reader("bytes").stream(
                new ByteArrayInputStream(new byte[] {'a', (byte) 0xff}), "standard input")
            .problems());
  }

  private static ByteArrayInputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  @Test
  void aFileThatIsNotThere() {
    InputException error =
        assertThrows(
            InputException.class, () -> reader("bytes").file(folder.resolve("none.jsonl")));
    assertEquals("-D generate.prompts = \"prompts.jsonl\": no such file", error.getMessage());
    InputException isFolder =
        assertThrows(InputException.class, () -> reader("bytes").file(folder));
    assertEquals(
        "-D generate.prompts = \"prompts.jsonl\": cannot be read: must be a readable file",
        isFolder.getMessage());
  }

  /** Whatever makes other answers makes another digest. */
  @Test
  void digests() throws IOException {
    String line = "{\"context\": \"a\", \"prompt\": \"b\", \"seed\": 1}";
    String digest = read("bytes", line).digest();
    assertEquals(digest, read("bytes", line, "broken").digest());
    for (String other :
        List.of(
            line.replace("\"a\"", "\"ab\"").replace("\"b\"", "\"\""),
            line.replace("1}", "2}"),
            line.replace("\"b\"", "\"c\""),
            line.replace("{", "{\"id\": \"x\", "))) {
      assertNotEquals(digest, read("bytes", other).digest(), other);
    }
  }
}
