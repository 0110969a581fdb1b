package ringattention.config;

/**
 * Section {@code [output]}.
 *
 * @param plots whether to draw the PNG files in {@code plots}
 * @param model the trained model's weights in {@code model}, for Hugging Face transformers
 */
public record OutputConfig(boolean plots, ModelExport model) {
  static OutputConfig read(Table table) {
    return new OutputConfig(
        table.flag("plots", Default.of(true)),
        table.choice("model", ModelExport.class, Default.of(ModelExport.NONE)));
  }
}
