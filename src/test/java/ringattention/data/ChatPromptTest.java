package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChatPromptTest {
  private static String prompt(String messages) throws JsonProcessingException {
    JsonNode read = new ObjectMapper().readTree(messages);
    return ChatPrompt.of("auto", "generate.template", null, Optional.empty(), new ByteTokenizer())
        .text(read, new ObjectMapper().createObjectNode());
  }

  /** The text is that of training, up to the answer. */
  @Test
  void theAssistantsTurnIsOpen() throws JsonProcessingException {
    assertEquals(
        "Be brief. USER: q ASSISTANT: a\nUSER: r ASSISTANT:",
        prompt(
            """
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "q"},
             {"role": "assistant", "content": "a"}, {"role": "user", "content": "r"}]"""));
  }

  @Test
  void theLastMessageIsTheUsers() {
    String answered =
        """
        [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]""";
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> prompt(answered));
    assertEquals("the last message must be the user's", error.getMessage());
  }
}
