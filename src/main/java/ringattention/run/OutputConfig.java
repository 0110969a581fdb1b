package ringattention.run;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [output]}.
 *
 * @param plots whether to draw the PNG files in {@code plots}
 * @param model the trained model's weights in {@code model}, for Hugging Face transformers
 * @param secondsBetweenLines fewest seconds between progress lines of a run of more than ten
 *     minutes; 0: no limit
 * @param tensorboard whether to write the curves of training for TensorBoard too
 */
public record OutputConfig(
    boolean plots, ModelExport model, double secondsBetweenLines, boolean tensorboard) {
  static final OutputConfig NONE = new OutputConfig(false, ModelExport.NONE, 0, false);

  public static final Section<OutputConfig> SECTION =
      Section.of("output", OutputConfig::read).marked(Trait.ASIDE);

  static OutputConfig read(Table table) {
    return new OutputConfig(
        table.flag("plots", Default.of(true)),
        table.choice("model", ModelExport.class, Default.of(ModelExport.NONE)),
        table.number("secondsBetweenLines", Range.atLeast(0), Default.of(60.0)),
        table.flag("tensorboard", Default.of(true)));
  }
}
