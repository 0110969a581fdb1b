package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Records in the forms that people have them in. */
class ChatRecordTest {
  private static Chat read(String json) throws JsonProcessingException {
    return ChatRecord.of(new ObjectMapper().readTree(json), Optional.empty());
  }

  private static Map<String, Object> message(String role, Object content) {
    return Map.of("role", role, "content", content);
  }

  @Test
  void shareGptAndOpenAi() throws JsonProcessingException {
    List<Map<String, Object>> expected =
        List.of(message("system", "S"), message("user", "q"), message("assistant", "a"));
    Chat one =
        read(
            """
            {"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "q"},
              {"from": "gpt", "value": "a"}]}""");
    assertEquals(expected, one.messages());
    assertEquals(List.of(false, false, true), one.learned());
    assertEquals(List.of(), one.tools());
    Chat other =
        read(
            """
            {"messages": [{"role": "system", "content": "S"},
              {"role": "user", "content": [{"type": "text", "text": "q"}]},
              {"role": "assistant", "content": [{"type": "text", "value": "a"}]}]}""");
    assertEquals(expected, other.messages());
  }

  @Test
  void alpaca() throws JsonProcessingException {
    assertEquals(
        List.of(message("user", "add\n1 2"), message("assistant", "3")),
        read("{'instruction': 'add', 'input': '1 2', 'output': '3'}".replace('\'', '"'))
            .messages());
    Chat longer =
        read(
            "{'system': 'S', 'instruction': 'i', 'input': '', 'output': 'o', 'history': [['q', 'a']]}"
                .replace('\'', '"'));
    assertEquals(
        List.of(
            message("system", "S"),
            message("user", "q"),
            message("assistant", "a"),
            message("user", "i"),
            message("assistant", "o")),
        longer.messages());
    assertEquals(List.of(false, false, true, false, true), longer.learned());
  }

  /** Arguments that are a text of JSON are the object; a text that is none stays. */
  @Test
  void callsAndTools() throws JsonProcessingException {
    Chat chat =
        read(
            """
            {"tools": "[{\\"name\\": \\"f\\"}]", "messages": [
              {"role": "user", "content": "q"},
              {"role": "assistant", "content": null, "tool_calls": [
                {"id": "1", "type": "function",
                 "function": {"name": "f", "arguments": "{\\"city\\": \\"Zürich\\"}"}},
                {"type": "function", "function": {"name": "f", "arguments": "{broken"}}]},
              {"role": "tool", "content": "9", "tool_call_id": "1"},
              {"role": "assistant", "content": "nine"}]}""");
    assertEquals(List.of(Map.of("name", "f")), chat.tools());
    Map<String, Object> calls = chat.messages().get(1);
    assertEquals("", calls.get("content"));
    assertEquals(
        List.of(
            Map.of(
                "id",
                "1",
                "type",
                "function",
                "function",
                Map.of("name", "f", "arguments", Map.of("city", "Zürich"))),
            Map.of("type", "function", "function", Map.of("name", "f", "arguments", "{broken"))),
        calls.get("tool_calls"));
    assertEquals("1", chat.messages().get(2).get("tool_call_id"));
    assertEquals(List.of(false, true, false, true), chat.learned());
    Chat glaive =
        read(
            """
            {"tools": "[]", "conversations": [{"from": "human", "value": "q"},
              {"from": "function_call", "value": "{\\"name\\": \\"f\\", \\"arguments\\": {}}"},
              {"from": "observation", "value": "9"}, {"from": "gpt", "value": "nine"}]}""");
    assertEquals(
        List.of("user", "assistant", "tool", "assistant"),
        List.of(0, 1, 2, 3).stream().map(glaive::role).toList());
    assertEquals(
        List.of(Map.of("type", "function", "function", Map.of("name", "f", "arguments", Map.of()))),
        glaive.messages().get(1).get("tool_calls"));
  }

  @Test
  void partsAndWeights() throws JsonProcessingException {
    Chat chat =
        read(
            """
            {"messages": [{"role": "user", "content": "q"},
              {"role": "assistant", "loss_weight": 0.0, "content": "no"},
              {"role": "user", "content": "r"},
              {"role": "assistant", "loss_weight": 1.0, "content": [
                {"type": "reasoning", "value": "hm"}, {"type": "text", "value": "a"},
                {"type": "tool_call", "value": "{\\"name\\": \\"f\\", \\"arguments\\": {\\"x\\": 1}}"}]}]}""");
    assertEquals(List.of(false, false, false, true), chat.learned());
    Map<String, Object> last = chat.messages().get(3);
    assertEquals("a", last.get("content"));
    assertEquals("hm", last.get("reasoning_content"));
    assertEquals(
        List.of(
            Map.of(
                "type", "function", "function", Map.of("name", "f", "arguments", Map.of("x", 1L)))),
        last.get("tool_calls"));
  }

  /** A question behind the last answer is left out; what has no answer to learn is refused. */
  @Test
  void theLastAnswerEndsIt() throws JsonProcessingException {
    String user = "{'role': 'user', 'content': 'q'}";
    String answer = "{'role': 'assistant', 'content': 'a'}";
    String open = "{'messages': [" + user + "," + answer + "," + user + "]}";
    assertEquals(2, read(open.replace('\'', '"')).answered().messages().size());
    String none = ("{'messages': [" + user + "]}").replace('\'', '"');
    assertThrows(IllegalArgumentException.class, () -> read(none).answered());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'chosen': [], 'rejected': []} | is a pair of answers to choose between (chosen, rejected), of which none is learned here",
        "{'text': 'x'} | must have a list messages or conversations, or texts instruction and output; has text",
        "{'messages': 'x'} | messages must be a list of messages, it is STRING",
        "{'messages': []} | the conversation is empty",
        "{'messages': [{'role': 'x', 'content': ''}]} | message 1: unknown role \"x\", there are human, user, gpt, assistant, system, tool, observation, function_call",
        "{'messages': [{'role': 'user', 'content': null}]} | message 1: its content must be a text or a list of parts, it is NULL",
        "{'messages': [{'role': 'user', 'content': [{'type': 'image'}]}]} | message 1: a part of its content is of type \"image\", must be text, reasoning or tool_call",
        "{'messages': [{'from': 'function_call', 'value': 'no'}]} | message 1: a function call must be JSON",
        "{'messages': [{'from': 'gpt', 'value': 'a', 'weight': 0.5}]} | message 1: weight must be 0 or 1, it is 0.5",
        "{'messages': [{'from': 'gpt', 'value': 'a'}], 'tools': '{'} | tools is a text, and not JSON",
        "{'instruction': 1, 'output': 'o'} | instruction must be a text, it is NUMBER"
      })
  void whatIsNoConversation(String json, String message) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> read(json.replace('\'', '"')))
            .getMessage());
  }
}
