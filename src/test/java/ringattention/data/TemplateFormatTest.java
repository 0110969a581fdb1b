package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.input.InputException;

/** What is learned of a conversation in the words of a template: it stands between brackets. */
class TemplateFormatTest {
  private static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");
  private static final String TURNS =
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>\n{% endfor %}"
          + "{% if add_generation_prompt %}<assistant>{% endif %}";

  /** Drops what was thought in earlier turns, as reasoning models' templates do. */
  private static final String FORGETS =
      "{% for m in messages %}<{{ m.role }}>"
          + "{% if m.role == 'assistant' and not loop.last %}{{ m.content.split('</think>')[-1] }}"
          + "{% else %}{{ m.content }}{% endif %}</s>\n{% endfor %}"
          + "{% if add_generation_prompt %}<assistant>{% endif %}";

  @TempDir Path folder;

  private static Chat chat(String... turns) {
    StringBuilder json = new StringBuilder("{\"messages\": [");
    for (int i = 0; i < turns.length; i += 2) {
      json.append(i == 0 ? "" : ",")
          .append("{\"role\": \"")
          .append(turns[i])
          .append("\", \"content\": ")
          .append(quoted(turns[i + 1]))
          .append("}");
    }
    try {
      return ChatRecord.of(
          new ObjectMapper().readTree(json.append("]}").toString()), Optional.empty());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String quoted(String text) {
    try {
      return new ObjectMapper().writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String marked(ChatFormat format, Chat chat) {
    ChatText text = format.text(chat.answered());
    StringBuilder marked = new StringBuilder();
    int from = 0;
    for (ChatText.Answer answer : text.answers()) {
      marked
          .append(text.text(), from, answer.start())
          .append('[')
          .append(text.text(), answer.start(), answer.end())
          .append(']');
      from = answer.end();
    }
    return marked.append(text.text().substring(from)).toString();
  }

  private static TemplateFormat format(String template) {
    return new TemplateFormat(template, TOKENS);
  }

  private ChatFormat named(String name) {
    return new ChatFormats("data.template", null).of(name, Optional.empty(), new ByteTokenizer());
  }

  /** The token that ends an answer is learned, the newline behind it is not. */
  @Test
  void renderingsOfOneMessageMore() {
    assertEquals(
        "<user>q</s>\n<assistant>[a </s>]\n<user>r</s>\n<assistant>[b</s>]\n",
        marked(format(TURNS), chat("user", "q", "assistant", "a ", "user", "r", "assistant", "b")));
    assertEquals(
        "<user>q</s>\n<assistant>[</s>]\n",
        marked(format(TURNS), chat("user", "q", "assistant", "", "user", "open")));
  }

  /** An answer at the very beginning is an answer; what follows is none. */
  @Test
  void aConversationThatBeginsWithAnAnswer() {
    assertEquals(
        "<assistant>[A</s>]\n<user>A</s>\n<assistant>[A</s>]\n",
        marked(format(TURNS), chat("assistant", "A", "user", "A", "assistant", "A")));
  }

  /**
   * A header that the template writes behind every conversation is in the text, as transformers has
   * it, and not learned; the token before it is. Where a text of its own stands before the first
   * question, the end of an answer is known if it is the tokenizer's, or it is an error.
   */
  @Test
  void templatesThatAlwaysAsk() {
    String asks =
        "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|eot|>\n{% endfor %}"
            + "<|assistant|>";
    Chat chat = chat("user", "q", "assistant", "a<|eot|>b", "user", "r", "assistant", "b");
    assertEquals(
        "<s><|user|>q<|eot|>\n<|assistant|>[a<|eot|>b<|eot|>]\n<|user|>r<|eot|>\n"
            + "<|assistant|>[b<|eot|>]\n<|assistant|>",
        marked(format(asks), chat));
    // the words of the answer are not those of the message, so it is found by rendering
    assertEquals(
        "<s><|user|>Q<|eot|>\n<|assistant|>[A<|eot|>]\n<|user|>R<|eot|>\n"
            + "<|assistant|>[B<|eot|>]\n<|assistant|>",
        marked(
            format(asks.replace("{{ m.content }}", "{{ m.content | upper }}")),
            chat("user", "q", "assistant", "a", "user", "r", "assistant", "b")));
    String prefaced = asks.replace("{{ bos_token }}", "<|system|>Be good.<|eot|>\n");
    IllegalArgumentException unclear =
        assertThrows(IllegalArgumentException.class, () -> format(prefaced).text(chat));
    assertTrue(
        unclear.getMessage().startsWith("the chat template asks for an answer behind every"),
        unclear.getMessage());
    assertEquals(
        "<|system|>Be good.</s>\n<|user|>q</s>\n<|assistant|>[a</s>]\n<|assistant|>",
        marked(format(prefaced.replace("<|eot|>", "</s>")), chat("user", "q", "assistant", "a")));
  }

  /** A template without headers has none to leave out. */
  @Test
  void templatesThatNeverAsk() {
    assertEquals(
        "q<|eot|>[a<|eot|>]r<|eot|>[b<|eot|>]",
        marked(
            format("{% for m in messages %}{{ m.content }}<|eot|>{% endfor %}"),
            chat("user", "q", "assistant", "a", "user", "r", "assistant", "b")));
  }

  /** Calls behind the end of the answer's words are the answer's, too. */
  @Test
  void callsBehindTheEndOfTheWords() throws JsonProcessingException {
    String calls =
        "{% for c in m.tool_calls or [] %}<call>{{ c.function.name }}</s>{% endfor %}{{ '\n' }}{% endfor %}";
    String json =
        """
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a",
          "tool_calls": [{"name": "f", "arguments": {}}]}, {"role": "tool", "content": "t"},
          {"role": "assistant", "content": "b"}]}""";
    assertEquals(
        "<user>q</s>\n<assistant>[a</s><call>f</s>]\n<tool>t</s>\n<assistant>[b</s>]\n",
        marked(
            format(TURNS.replaceFirst("\n\\{% endfor %\\}", calls)),
            ChatRecord.of(new ObjectMapper().readTree(json), Optional.empty())));
  }

  /** What stands behind the last answer only is its end, and no header. */
  @Test
  void anEndBehindTheLastAnswer() {
    assertEquals(
        "user: q\nassistant:[ a<end>]",
        marked(
            format(
                "{% for m in messages %}{{ m.role }}:{{ ' ' + m.content if m.content }}"
                    + "{% if not loop.last %}{{ '\n' }}{% elif m.role == 'assistant' %}<end>{% endif %}"
                    + "{% endfor %}{% if messages[-1].role == 'user' %}{{ '\nassistant:' }}{% endif %}"),
            chat("user", "q", "assistant", "a")));
    String ends = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ '\n' }}{% endfor %}";
    for (String end :
        new String[] {
          "<end>", "{% if add_generation_prompt %}<assistant>{% else %}<end>{% endif %}"
        }) {
      assertEquals(
          "<user>q\n<assistant>[a\n<end>]",
          marked(format(ends + end), chat("user", "q", "assistant", "a")));
    }
  }

  /** A header may hold the letters of a short answer. */
  @Test
  void aShortAnswerIsNotFoundInAHeader() {
    assertEquals(
        "<user>q</s>\n<assistant>[a</s>]\n",
        marked(
            format(TURNS.replace("<assistant>{% endif", "<assistant><think>\n{% endif")),
            chat("user", "q", "assistant", "a")));
  }

  /** The answer is looked for behind its question, which may quote it. */
  @Test
  void templatesThatRewriteEarlierTurns() {
    assertEquals(
        "<user>say a</s>\n<assistant>[a</s>]\n<user>a?</s>\n<assistant>[<think>x</think>b</s>]\n",
        marked(
            format(FORGETS),
            chat(
                "user",
                "say a",
                "assistant",
                "a",
                "user",
                "a?",
                "assistant",
                "<think>x</think>b")));
    // what was thought is in the text of the last answer alone
    assertEquals(
        "<user>q</s>\n<assistant>[a</s>]\n<user>r</s>\n<assistant>[<think>y</think>b</s>]\n",
        marked(
            format(FORGETS),
            chat(
                "user",
                "q",
                "assistant",
                "<think>x</think>a",
                "user",
                "r",
                "assistant",
                "<think>y</think>b")));
  }

  /** An answer that the template leaves out cannot be learned; that of a later turn is not it. */
  @Test
  void answersThatAreNotWritten() {
    String drops = FORGETS.replace("{{ m.content.split('</think>')[-1] }}", "");
    IllegalArgumentException lost =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                format(drops)
                    .text(chat("user", "q", "assistant", "b", "user", "r", "assistant", "b")));
    assertEquals("message 2: the template does not write this answer as it is", lost.getMessage());
  }

  @Test
  void generationBlocksSayItThemselves() {
    String template =
        "{% for m in messages %}<{{ m.role }}>{% if m.role == 'assistant' %}"
            + "{% generation %}{{ m.content }}</s>{% endgeneration %}{% else %}{{ m.content }}{% endif %}"
            + "{% endfor %}";
    assertEquals(
        "<user>q<assistant>[a</s>]<user>r<assistant>[b</s>]",
        marked(
            format(template), chat("user", "q", "assistant", "a", "user", "r", "assistant", "b")));
  }

  @Test
  void whatWeighsNothingIsNotLearned() throws JsonProcessingException {
    String json =
        """
        {"messages": [{"role": "user", "content": "q"},
          {"role": "assistant", "content": "a", "weight": 0}, {"role": "user", "content": "r"},
          {"role": "assistant", "content": "b", "weight": 1}]}""";
    Chat chat = ChatRecord.of(new ObjectMapper().readTree(json), Optional.empty());
    assertEquals(
        "<user>q</s>\n<assistant>a</s>\n<user>r</s>\n<assistant>[b</s>]\n",
        marked(format(TURNS), chat));
    assertEquals(
        "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n"
            + "<|im_start|>user\nr<|im_end|>\n<|im_start|>assistant\n[b<|im_end|>]\n",
        marked(named("chatml"), chat));
  }

  @Test
  void namedTemplates() {
    Chat chat = chat("system", "S", "user", "q", "assistant", "a", "user", "r", "assistant", "b");
    assertEquals(
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nq<|im_end|>\n"
            + "<|im_start|>assistant\n[a<|im_end|>]\n<|im_start|>user\nr<|im_end|>\n"
            + "<|im_start|>assistant\n[b<|im_end|>]\n",
        marked(named("chatml"), chat));
    assertEquals(
        "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
            + "<|start_header_id|>user<|end_header_id|>\n\nq<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n[a<|eot_id|>]"
            + "<|start_header_id|>user<|end_header_id|>\n\nr<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n[b<|eot_id|>]",
        marked(named("llama3"), chat));
    String end = new ByteTokenizer().endText();
    assertEquals(
        "[INST] S\n\nq [/INST][ a" + end + "][INST] r [/INST][ b" + end + "]",
        marked(named("mistral"), chat));
    assertTrue(
        marked(named("vicuna"), chat).startsWith("S USER: q ASSISTANT:[ a" + end + "]USER: r"));
  }

  /** What a model is asked is the beginning of what it was trained on. */
  @Test
  void promptsBeginTexts() {
    Chat open = chat("user", "q", "assistant", "a", "user", "r");
    Chat whole = chat("user", "q", "assistant", "a", "user", "r", "assistant", "b");
    for (ChatFormat each :
        new ChatFormat[] {
          format(TURNS), named("chatml"), named("llama3"), named("mistral"), named("vicuna")
        }) {
      ChatText text = each.text(whole);
      String prompt = each.prompt(open);
      assertTrue(text.text().startsWith(prompt), prompt);
      assertEquals(text.answers().get(1).start(), prompt.length(), prompt);
    }
    assertThrows(IllegalArgumentException.class, () -> format(TURNS).prompt(whole));
  }

  /**
   * Beside tokenizer.json lies the model's own template; a begin token that it writes stands once.
   */
  @Test
  void theTokenizersOwnTemplate() throws IOException {
    Files.copy(Given.PAIRS.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"chat_template\": "
            + quoted(
                "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}")
            + "}");
    Path talk =
        Files.writeString(
            folder.resolve("talk.jsonl"),
            "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"},"
                + " {\"role\": \"assistant\", \"content\": \"no\"}]}\n");
    String[] keys = {"data.format=conversations", "data.tokenizer=" + folder};
    TokenFile own = Given.tokens(talk, keys);
    int[] entries = own.entries(0, (int) own.tokens());
    assertEquals(~1, entries[0]);
    assertTrue(java.util.Arrays.stream(entries).skip(1).noneMatch(entry -> entry == ~1));
    assertEquals(2, entries[entries.length - 1], "the end is learned");
    // a file of its own goes before those beside the tokenizer
    Files.writeString(
        folder.resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m.content if m.role == 'user' }}{% endfor %}");
    InputException lost = assertThrows(InputException.class, () -> Given.tokens(talk, keys));
    assertTrue(
        lost.getMessage()
            .endsWith("talk.jsonl:1: message 2: the template does not write this answer as it is"),
        lost.getMessage());
  }

  @Test
  void badTemplates() throws IOException {
    Path talk =
        Files.writeString(
            folder.resolve("talk.jsonl"), "{\"instruction\": \"q\", \"output\": \"a\"}\n");
    Path template = Files.writeString(folder.resolve("t.jinja"), "\n{% for %}");
    String[] keys = {"data.format=conversations", "data.template=" + template};
    InputException malformed = assertThrows(InputException.class, () -> Given.tokens(talk, keys));
    assertTrue(malformed.getMessage().contains("t.jinja: line 2: "), malformed.getMessage());
    Files.writeString(template, "{{ raise_exception('no such talk') }}");
    InputException refused = assertThrows(InputException.class, () -> Given.tokens(talk, keys));
    assertTrue(
        refused.getMessage().contains("talk.jsonl:1: the chat template: "), refused.getMessage());
    assertTrue(refused.getMessage().endsWith("no such talk"), refused.getMessage());
    InputException none =
        assertThrows(
            InputException.class,
            () -> Given.tokens(talk, "data.format=conversations", "data.template=nowhere"));
    assertTrue(
        none.getMessage().endsWith("vicuna, chatml, llama3, mistral: there is no such file"),
        none.getMessage());
  }
}
