package ringattention.checkpoint;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [checkpoint]}.
 *
 * @param every steps between checkpoints; 0: none
 * @param keep how many of the newest stay
 * @param atEnd whether the last step is saved
 * @param resume a checkpoint, or a folder whose newest is meant; empty: start afresh
 * @param weights a checkpoint, or a folder whose newest is meant, that gives a run that starts
 *     afresh its weights and nothing else; empty: those of the section {@code [model]}
 * @param fallback whether to take an older checkpoint where one is damaged
 * @param accept parts that may be others than those of the checkpoint
 */
public record CheckpointConfig(
    int every,
    int keep,
    boolean atEnd,
    Optional<Path> resume,
    Optional<Path> weights,
    boolean fallback,
    List<ContentPart> accept) {
  public static final Section<CheckpointConfig> SECTION =
      Section.of("checkpoint", CheckpointConfig::read).marked(Trait.ASIDE);

  private static final String NONE = "none";

  static CheckpointConfig read(Table table) {
    int every = table.integer("every", Range.atLeast(0), Default.of(0));
    int keep = table.integer("keep", Range.atLeast(1), Default.of(2));
    boolean atEnd = table.flag("atEnd", Default.derived(every > 0, "every > 0"));
    return new CheckpointConfig(
        every,
        keep,
        atEnd,
        pathOrNone(table, "resume"),
        pathOrNone(table, "weights"),
        table.flag("fallback", Default.of(false)),
        table.choicesOrNone("accept", ContentPart.class));
  }

  private static Optional<Path> pathOrNone(Table table, String key) {
    String path = table.text(key, Default.of(NONE));
    table.require(path.indexOf('\0') < 0, key, "must not contain a zero byte");
    return Optional.of(path).filter(text -> !text.equals(NONE)).map(Path::of);
  }

  /** Whether the run writes any. */
  public boolean writes() {
    return every > 0 || atEnd;
  }
}
