package ringattention.evaluate.suite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import ringattention.infer.Finish;
import ringattention.infer.GenerationListener;
import ringattention.infer.GenerationResult;

/** Judges answers when they end, and writes each down: {@code answers.jsonl}. */
final class SuiteAnswers implements GenerationListener {
  static final String NAME = "answers.jsonl";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final SuiteName name;
  private final Map<String, Case> cases = new HashMap<>(); // by the id of the request
  private final Consumer<String> lines;
  private final List<SuiteTable.Scored> scored = new ArrayList<>();

  /**
   * @param lines takes a line of the run's folder
   */
  SuiteAnswers(SuiteCases all, Consumer<String> lines) {
    this.name = all.name();
    this.lines = lines;
    all.cases().forEach(one -> cases.put(one.request().id(), one));
  }

  @Override
  public void ended(GenerationResult result) {
    Case of = cases.get(result.key().id());
    boolean answered = result.finish() != Finish.REFUSED;
    double score = answered ? name.scoring().score(result.text(), of.question().expected()) : 0;
    if (answered) {
      scored.add(new SuiteTable.Scored(of, score));
    }
    try {
      lines.accept(MAPPER.writeValueAsString(fields(of, result, score)));
    } catch (JsonProcessingException impossible) { // texts and numbers
      throw new IllegalStateException(impossible);
    }
  }

  private Map<String, Object> fields(Case of, GenerationResult result, double score) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("suite", name.toString());
    fields.put("id", result.key().id());
    fields.put("length", of.length());
    fields.put("depth", of.question().depth());
    fields.put("question", of.question().text().strip());
    fields.put("expected", of.question().expected());
    fields.put("answer", result.text());
    fields.put("correct", score == 1);
    fields.put("score", score);
    fields.put("finish", result.finish().toString());
    fields.put("prompt_tokens", result.promptTokens());
    fields.put("new_tokens", result.tokens().length);
    return fields;
  }

  /** Returns what came of the cases that were answered. */
  SuiteTable table() {
    return SuiteTable.of(name, scored);
  }
}
