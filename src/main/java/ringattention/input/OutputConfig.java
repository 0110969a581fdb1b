package ringattention.input;

/**
 * Section {@code [output]}.
 *
 * @param plots whether to draw the PNG files in {@code plots}
 * @param model the trained model's weights in {@code model}, for Hugging Face transformers
 * @param secondsBetweenLines fewest seconds between progress lines of a run of more than ten
 *     minutes; 0: no limit
 */
public record OutputConfig(boolean plots, ModelExport model, double secondsBetweenLines) {
  static OutputConfig read(Table table) {
    return new OutputConfig(
        table.flag("plots", Default.of(true)),
        table.choice("model", ModelExport.class, Default.of(ModelExport.NONE)),
        table.number("secondsBetweenLines", Range.atLeast(0), Default.of(60.0)));
  }
}
