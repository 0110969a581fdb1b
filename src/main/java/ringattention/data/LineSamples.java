package ringattention.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import ringattention.data.lines.LineDraw;
import ringattention.data.lines.LineLevels;
import ringattention.data.lines.LineTasks;
import ringattention.data.lines.LineVocabulary;
import ringattention.data.lines.LinesConfig;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/**
 * Sequences filled with tasks of line retrieval, each a document, made from (seed, level, index)
 * and never read. Padding, where no task fits, belongs to the last of them: nothing looks at it,
 * and a sequence of one task has one document.
 */
final class LineSamples implements Samples {
  private final LinesConfig config;
  private final SampleShape shape;
  private final String stream;
  private final LineLevels levels;
  private final int multiple;
  private final int firstPosition;
  private int level;

  /**
   * @param stream what the sequences are for; another has nothing in common with it
   * @throws InputException if the model has too few tokens, or the section does not suit sequences
   *     of this length
   */
  LineSamples(Configuration configuration, SampleShape shape, String stream) {
    DataConfig data = configuration.get(DataConfig.SECTION);
    Tokenizer.requireRoom(
        LineVocabulary.SIZE, "data.tokenizer", configuration.source(), shape.vocabulary());
    this.config = configuration.get(LinesConfig.SECTION);
    this.shape = shape;
    this.stream = stream;
    this.levels = LineLevels.of(config, shape.sequence(), configuration.source());
    this.multiple = PackedSamples.multiple(configuration, shape.sequence());
    this.firstPosition = data.firstPosition();
  }

  @Override
  public int levels() {
    return levels.count();
  }

  @Override
  public void level(int chosen) {
    Samples.super.level(chosen);
    level = chosen;
  }

  @Override
  public boolean hasQuestions() {
    return true;
  }

  /** Returns the tasks of a sequence, as many as fit. */
  private List<LineDraw> tasks(long index) {
    LineTasks tasks =
        new LineTasks(config, shape.seed(), stream + ", level " + level + ", " + index);
    if (levels.fills(level)) {
      return List.of(tasks.filled(shape.sequence(), levels.questions(level), 0));
    }
    List<LineDraw> fitting = new ArrayList<>();
    for (int room = shape.sequence(); ; ) {
      LineDraw task =
          tasks.draw(
              levels.lines(level), levels.questions(level), levels.leftOut(level), fitting.size());
      room -= padded(task);
      if (room < 0) {
        return fitting;
      }
      fitting.add(task);
    }
  }

  private int padded(LineDraw task) {
    return (task.size() - 1) / multiple * multiple + multiple;
  }

  @Override
  public Sample sample(long index) {
    return sample(tasks(index));
  }

  /**
   * Returns a sequence of these documents and padding, which is one of its own if there are none.
   */
  Sample sample(List<LineDraw> tasks) {
    int length = shape.sequence();
    int[] tokens = new int[length];
    int[] labels = new int[length];
    int[] positions = new int[length];
    int[] documents = new int[Math.max(1, tasks.size())];
    Arrays.fill(tokens, LineVocabulary.CLOSE);
    Arrays.fill(labels, Sample.NO_LABEL);
    int at = 0;
    int count = 0;
    for (LineDraw task : tasks) {
      task.put(tokens, labels, at, Sample.NO_LABEL);
      documents[count++] = at;
      at += padded(task);
    }
    for (int i = 0, document = 0; i < length; i++) {
      document += document + 1 < count && documents[document + 1] == i ? 1 : 0;
      positions[i] = firstPosition + i - documents[document];
    }
    return new Sample(tokens, labels, positions, documents);
  }

  @Override
  public int labels(long index) {
    return tasks(index).stream().mapToInt(LineDraw::learned).sum();
  }

  /** Returns the tokens of a sequence's tasks, without padding. */
  int tokens(long index) {
    return tasks(index).stream().mapToInt(LineDraw::size).sum();
  }

  @Override
  public Optional<String> endless() {
    return Optional.of(
        "lines: tasks made from the seed, no epochs; lines of a task by level: "
            + levels.text()
            + " (fills a sequence)");
  }

  @Override
  public long tokens() {
    return 0;
  }

  @Override
  public long documents() {
    return 0;
  }

  /** Returns the SHA-256 of what sequences are made from. */
  @Override
  public String digest() {
    return Digest.of(
        config.toString(),
        stream,
        "sequence " + shape.sequence() + ", seed " + shape.seed(),
        "multiple " + multiple + ", position " + firstPosition,
        String.join("", LineVocabulary.texts()));
  }

  @Override
  public void close() {}
}
