package ringattention.bench.training;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;
import ringattention.model.Architecture;
import ringattention.model.ModelShape;

/**
 * Section {@code [benchContext]}: one row of the table per model and architecture.
 *
 * @param models of the paper; none: that of section {@code [model]}
 * @param layers of each of the models, instead of its own; or none
 * @param architectures to compare
 * @param multiple tokens of a rank are a multiple of it
 * @param beyond how many multiples longer the shards are that are shown not to fit
 * @param prove whether what is planned is trained, too
 * @param steps that prove it; the last is timed
 */
public record BenchContextConfig(
    List<ModelShape> models,
    List<Integer> layers,
    List<Architecture> architectures,
    int multiple,
    int beyond,
    boolean prove,
    int steps) {
  public static final Section<BenchContextConfig> SECTION =
      Section.of("benchContext", BenchContextConfig::read).marked(Trait.ASIDE);

  public BenchContextConfig {
    models = List.copyOf(models);
    layers = List.copyOf(layers);
    architectures = List.copyOf(architectures);
  }

  static BenchContextConfig read(Table table) {
    List<ModelShape> models = table.choicesOrNone("models", ModelShape.class);
    List<Integer> layers = table.integersOrNone("layers", Range.atLeast(1));
    table.require(
        layers.isEmpty() || layers.size() == models.size(),
        "layers",
        "must have one number for each of benchContext.models (" + models.size() + ")");
    List<Architecture> architectures =
        table.choiceList("architectures", Architecture.class, Default.list(Architecture.values()));
    table.require(
        architectures.stream().distinct().count() == architectures.size(),
        "architectures",
        "must each be there once");
    int multiple = table.integer("multiple", Range.between(2, 1 << 20), Default.of(256));
    int beyond = table.integer("beyond", Range.between(1, 1 << 20), Default.of(1));
    table.require(
        (long) beyond * multiple <= Integer.MAX_VALUE,
        "beyond",
        "must be below 2^31 / benchContext.multiple (" + multiple + ")");
    return new BenchContextConfig(
        models,
        layers,
        architectures,
        multiple,
        beyond,
        table.flag("prove", Default.of(true)),
        table.integer("steps", Range.atLeast(1), Default.of(1)));
  }
}
