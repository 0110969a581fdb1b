package ringattention.environment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import ringattention.random.Seed;

/**
 * Makes the episodes that a {@link CollectConfig} asks for. An episode is a function of the input,
 * its task and its number: parts can be made anywhere, in any order, and again.
 */
public record Collection(CollectConfig config) {
  /** Episodes that run side by side: enough to share what a step costs beside them. */
  private static final int BATCH = 32;

  private static final int PART = 8 * BATCH; // that share what is made of a task

  /**
   * Consecutive episodes of one history, which no other episodes depend on.
   *
   * @param task its number
   * @param history which of the task
   * @param first number of the first in the history
   * @param count of episodes
   */
  public record Part(int task, int history, int first, int count) {}

  /** Returns all parts, by task, history and number. */
  public List<Part> parts() {
    int most = Math.max(PART, config.collector().together());
    List<Part> parts = new ArrayList<>();
    for (int task = config.firstTask(); task < config.firstTask() + config.tasks(); task++) {
      for (int history = 0; history < config.histories(); history++) {
        for (int first = 0; first < config.episodes(); first += most) {
          int count = Math.min(most, config.episodes() - first);
          parts.add(new Part(task, history, first, count));
        }
      }
    }
    return parts;
  }

  /**
   * Makes the episodes of a part.
   *
   * @param sink takes them in order, some at a time
   */
  public void make(Part part, Consumer<Episodes> sink) {
    String name = part.history() == 0 ? "history" : "history " + part.history();
    long history = Seed.of(config.seed(), name).bits(part.task());
    Collector collector = config.collector().open(history, config.episodes());
    Environment environment = config.open(Math.min(BATCH, part.count()));
    for (int done = 0; done < part.count(); done += BATCH) {
      int first = part.first() + done;
      if (part.count() - done < environment.count()) {
        environment = config.open(part.count() - done);
      }
      begin(environment, part.task(), history + first);
      sink.accept(play(environment, collector, first));
    }
  }

  private static void begin(Environment environment, int task, long first) {
    long[] tasks = new long[environment.count()];
    long[] seeds = new long[environment.count()];
    for (int i = 0; i < seeds.length; i++) {
      tasks[i] = task;
      seeds[i] = first + i;
    }
    environment.reset(tasks, seeds);
  }

  private static Episodes play(Environment environment, Collector collector, int first) {
    Episodes episodes = Episodes.of(first, environment);
    float[] actions = new float[environment.count() * environment.actionSize()];
    collector.begin(first, environment);
    episodes.note(0, environment, actions);
    for (int step = 0; !environment.done(); step++) {
      collector.act(step, environment, actions);
      environment.step(actions);
      episodes.note(step + 1, environment, actions);
    }
    collector.end(episodes);
    return episodes;
  }
}
