package ringattention.infer;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Answers of unequal length, decoded together: whenever one ends, the next takes its place. What is
 * decided depends on requests, logits and the engine's room only, so that all ranks decide alike.
 */
final class GenerationRun {
  /** An answer that is being made. */
  private record Row(Work work, Answer answer, Engine.Sequence sequence, double prefillSeconds) {}

  private final Engine engine;
  private final Room room;
  private final int rows;
  private final AnswerRules rules;
  private final GenerationListener listener;
  private final Queue<Work> waiting;
  private final List<Row> active = new ArrayList<>();
  private final Set<String> refused = new LinkedHashSet<>();
  private int finished;
  private int interrupted;
  private long computed; // tokens of prompts
  private long made; // tokens of answers

  /**
   * @param rows decoded together at most
   */
  GenerationRun(
      Engine engine,
      int rows,
      AnswerRules rules,
      GenerationListener listener,
      Queue<Work> waiting) {
    this.engine = engine;
    this.room = new Room(engine);
    this.rows = rows;
    this.rules = rules;
    this.listener = listener;
    this.waiting = waiting;
  }

  /**
   * Makes all answers.
   *
   * @param stop asked before every prefill and every step; the same on all ranks
   */
  GenerationOutcome run(BooleanSupplier stop) {
    while (!stop.getAsBoolean()) {
      if (!isNextTaken()) {
        if (active.isEmpty()) {
          return outcome();
        }
        step();
      }
    }
    for (Row row : List.copyOf(active)) {
      end(row, row.answer().interrupt());
    }
    waiting.forEach(work -> work.shared().close()); // kept for those that wait
    return outcome();
  }

  private GenerationOutcome outcome() {
    return new GenerationOutcome(
        finished, interrupted, waiting.size(), List.copyOf(refused), computed, made);
  }

  /** Begins the next answer, or refuses it. Returns false if there is none or it has to wait. */
  private boolean isNextTaken() {
    Work next = waiting.peek();
    if (next == null || active.size() == rows) {
      return false;
    }
    boolean fits = room.has(next);
    if (!fits && !active.isEmpty()) {
      return false; // also what never fits: how much does is known once nothing else is held
    }
    waiting.remove();
    if (fits) {
      begin(next);
    } else {
      refused.add(room.refusal(next));
      listener.ended(GenerationResult.refused(next.key(), next.request().tokens()));
      next.shared().release();
    }
    return true;
  }

  private void begin(Work work) {
    final long start = System.nanoTime();
    computed += work.shared().missing() + work.rest().length;
    Engine.Prefix prefix = work.shared().on(engine);
    Engine.Sequence sequence = null;
    float[] logits;
    if (work.rest().length == 0) {
      logits = prefix.logits();
    } else {
      sequence = engine.begin(prefix, work.own());
      logits = engine.extend(sequence, work.rest());
    }
    final double seconds = (System.nanoTime() - start) * 1e-9;
    Answer answer = new Answer(work.request(), work.key(), rules, listener);
    Optional<Finish> finish = answer.take(answer.choose(logits));
    if (finish.isPresent()) {
      end(new Row(work, answer, sequence, seconds), finish.get());
    } else {
      sequence = sequence == null ? engine.begin(prefix, work.own()) : sequence;
      active.add(new Row(work, answer, sequence, seconds));
    }
  }

  /** Decodes one token of each answer. */
  private void step() {
    List<Engine.Sequence> sequences = active.stream().map(Row::sequence).toList();
    int[] tokens = active.stream().mapToInt(row -> row.answer().lastToken()).toArray();
    float[][] logits = engine.step(sequences, tokens);
    Answer.Choice[] choices =
        IntStream.range(0, tokens.length)
            .parallel() // a millisecond each, of a large vocabulary
            .mapToObj(i -> active.get(i).answer().choose(logits[i]))
            .toArray(Answer.Choice[]::new);
    int at = 0;
    for (Row row : List.copyOf(active)) {
      row.answer().take(choices[at++]).ifPresent(finish -> end(row, finish));
    }
  }

  private void end(Row row, Finish finish) {
    active.remove(row);
    if (row.sequence() != null) {
      row.sequence().close();
    }
    row.work().shared().release();
    GenerationResult result = row.answer().result(finish, row.prefillSeconds());
    finished += finish.isDone() ? 1 : 0;
    interrupted += finish.isDone() ? 0 : 1;
    made += result.tokens().length;
    listener.ended(result);
  }
}
