package ringattention.huggingface;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import ringattention.model.LinearRope;
import ringattention.model.Llama3Rope;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;
import ringattention.model.RopeScalingKind;
import ringattention.model.YarnRope;

/**
 * The rotary fields of a config.json that is written. They are there twice: transformers 4 reads
 * rope_theta and rope_scaling, transformers 5 rope_parameters. The magnitude is always said, for
 * both derive it from other fields.
 */
final class RopeExport {
  private RopeExport() {}

  static void put(Map<String, Object> fields, double theta, RopeScaling scaling) {
    Map<String, Object> rope = new LinkedHashMap<>();
    rope.put(RopeFields.TYPE, scaling.kind().toString());
    if (scaling instanceof LinearRope linear) {
      rope.put(RopeFields.FACTOR, linear.factor());
    } else if (scaling instanceof Llama3Rope llama3) {
      rope.put(RopeFields.FACTOR, llama3.factor());
      rope.put(RopeFields.LOW, llama3.lowFrequencyFactor());
      rope.put(RopeFields.HIGH, llama3.highFrequencyFactor());
      rope.put(RopeFields.ORIGINAL, llama3.originalContext());
    } else if (scaling instanceof YarnRope yarn) {
      rope.put(RopeFields.FACTOR, yarn.factor());
      rope.put(RopeFields.ORIGINAL, yarn.originalContext());
      rope.put(RopeFields.ATTENTION, yarn.attentionFactor());
      rope.put(RopeFields.BETA_FAST, yarn.betaFast());
      rope.put(RopeFields.BETA_SLOW, yarn.betaSlow());
      rope.put(RopeFields.TRUNCATE, yarn.truncate());
    } else if (scaling instanceof LongRope longRope) {
      rope.put(RopeFields.FACTOR, longRope.factor());
      rope.put(RopeFields.ORIGINAL, longRope.originalContext());
      rope.put(RopeFields.ATTENTION, longRope.attentionFactor());
      rope.put(RopeFields.SHORT, longRope.shortFactors());
      rope.put(RopeFields.LONG, longRope.longFactors());
      fields.put(RopeFields.ORIGINAL, longRope.originalContext()); // where transformers 4 looks
    }
    fields.put(RopeFields.THETA, theta);
    fields.put(RopeFields.SCALING_FORM, scaling.kind() == RopeScalingKind.DEFAULT ? null : rope);
    Map<String, Object> parameters = new LinkedHashMap<>(rope);
    parameters.put(RopeFields.THETA, theta);
    fields.put(RopeFields.PARAMETERS_FORM, parameters);
  }

  /**
   * Returns how many positions the model was extended to; 0 if it was not, or does not say. A
   * scaling that its checkpoint has, too, was not given by the input.
   *
   * @throws ringattention.input.InputException if the checkpoint can no longer be read
   */
  static long reach(ModelConfig model) {
    RopeScaling scaling = model.ropeScaling();
    if (model.checkpoint().isEmpty()) {
      return scaling.reach().orElse(0);
    }
    Path folder = model.checkpoint().get();
    Optional<RopeScaling> before = HuggingFaceConfig.model(folder).map(ModelConfig::ropeScaling);
    if (before.equals(Optional.of(scaling))) {
      return 0;
    }
    return scaling instanceof LinearRope linear
        ? Math.round(linear.factor() * HuggingFaceConfig.originalContext(folder))
        : scaling.reach().orElse(0);
  }
}
