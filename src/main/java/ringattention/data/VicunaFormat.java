package ringattention.data;

import java.util.ArrayList;
import java.util.List;

/**
 * The words of Vicuna v1.1 (Chiang et al. 2023). Only what the assistant says is learned: the space
 * after {@code ASSISTANT:}, the answer, and the token that ends it. An answer before the first
 * question is left out.
 *
 * @param end the text of the token that ends an answer
 */
record VicunaFormat(String end) implements ChatFormat {
  private static final String SYSTEM =
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
          + " helpful, detailed, and polite answers to the user's questions.";

  @Override
  public ChatText text(Chat chat) {
    ChatText written = written(chat);
    if (written.answers().isEmpty()) {
      throw new IllegalArgumentException("the conversation has no answer to a question");
    }
    return written;
  }

  @Override
  public String prompt(Chat chat) {
    int last = chat.messages().size() - 1;
    if (!chat.role(last).equals(Chat.USER)) {
      throw new IllegalArgumentException("the last message must be the user's");
    }
    return written(chat).text();
  }

  private ChatText written(Chat chat) {
    StringBuilder text = new StringBuilder();
    List<ChatText.Answer> answers = new ArrayList<>();
    for (int i = begin(chat, text); i < chat.messages().size(); i++) {
      if (chat.isAssistant(i)) {
        int start = text.length();
        text.append(' ').append(chat.content(i)).append(end);
        if (chat.learned().get(i)) {
          answers.add(new ChatText.Answer(start, text.length()));
        }
      } else {
        text.append("USER: ").append(chat.content(i)).append(" ASSISTANT:");
      }
    }
    return new ChatText(text.toString(), answers);
  }

  /** Writes what stands before the first question; returns its place. */
  private static int begin(Chat chat, StringBuilder text) {
    boolean system = chat.role(0).equals(Chat.SYSTEM);
    text.append(system ? chat.content(0) : SYSTEM).append(' ');
    int first = system ? 1 : 0;
    if (first < chat.messages().size() && chat.isAssistant(first)) {
      first++;
    }
    for (int i = first; i < chat.messages().size(); i++) {
      String expected = (i - first) % 2 == 0 ? Chat.USER : Chat.ASSISTANT;
      if (!chat.role(i).equals(expected)) {
        throw new IllegalArgumentException(
            "message "
                + (i + 1)
                + ": user and assistant must take turns in the words of vicuna; a chat template"
                + " (data.template) may know other turns");
      }
      if (chat.messages().get(i).containsKey(Chat.TOOL_CALLS)) {
        throw new IllegalArgumentException(
            "message " + (i + 1) + ": vicuna has no words for function calls, see data.template");
      }
    }
    return first;
  }

  @Override
  public boolean begins() {
    return false;
  }

  @Override
  public String fingerprint() {
    return "vicuna";
  }
}
