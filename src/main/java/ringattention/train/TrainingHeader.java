package ringattention.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import ringattention.data.HeldOutSamples;
import ringattention.data.Samples;
import ringattention.input.Toml;
import ringattention.model.ModelSetup;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.plan.TrainConfig;

/** What the log says of a training run before its first step. */
public final class TrainingHeader {
  private TrainingHeader() {}

  /** Returns the lines of what is learned, and of what is not, for the held-out loss. */
  public static List<String> data(Samples samples, Optional<HeldOutSamples> heldOut) {
    List<String> lines = new ArrayList<>();
    lines.add(samples.text());
    heldOut.ifPresent(out -> lines.add("not learned: " + out.text() + ", for the held-out loss"));
    return lines;
  }

  /**
   * Returns the lines of batch, epochs, learning rate and weight decay.
   *
   * @param trainer that is to make the first step, resumed if it is to be
   * @param groups of all parameters
   */
  public static List<String> lines(
      TrainConfig train,
      ModelSetup setup,
      Samples samples,
      Trainer trainer,
      List<ParameterGroup> groups) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "tokens per step: "
            + (long) train.batch() * train.sequence()
            + ", batch "
            + train.batch()
            + "; gradient accumulation steps: "
            + setup.passes()
            + ", micro-batch "
            + setup.batch()
            + " of each ring");
    lines.add(
        (samples.endless().isPresent() ? "" : "tokens of an epoch: " + samples.epochTokens() + "; ")
            + "seen "
            + trainer.seenAfter(trainer.step()).text()
            + "; after step "
            + train.steps()
            + ": "
            + trainer.seenAfter(train.steps()).text());
    lines.addAll(samples.sources((long) train.batch() * train.steps()));
    LearningRate rate = LearningRate.of(train);
    lines.add("learning rate: " + text(rate));
    lines.addAll(shortened(train, rate));
    lines.add(decay(train, groups));
    return lines;
  }

  private static String text(LearningRate rate) {
    long warmup = rate.warmupSteps();
    String up =
        warmup == 0
            ? text(rate.peak())
            : "warm-up over " + steps(warmup) + " to " + text(rate.peak());
    if (warmup == rate.steps()) {
      return up;
    }
    String last = text(rate.at(rate.steps())) + " at step " + rate.steps();
    return up
        + switch (rate.schedule()) {
          case COSINE -> ", cosine to " + last;
          case LINEAR -> ", linear to " + last;
          case CONSTANT -> ", constant";
          case WSD ->
              ", constant to step " + (rate.steps() - rate.decaySteps()) + ", linear to " + last;
        };
  }

  private static String text(double rate) {
    return String.format(Locale.ROOT, "%.2e", rate);
  }

  private static String steps(long count) {
    return count + (count == 1 ? " step" : " steps");
  }

  /** Says what has fewer steps than the input asks for. */
  private static List<String> shortened(TrainConfig train, LearningRate rate) {
    List<String> lines = new ArrayList<>();
    if (rate.warmupSteps() < train.warmupSteps()) {
      lines.add(
          "warm-up shortened to "
              + steps(rate.warmupSteps())
              + ", all there are: train.warmupSteps is "
              + train.warmupSteps());
    }
    if (rate.decaySteps() < train.decaySteps()) {
      lines.add(
          "decay shortened to "
              + steps(rate.decaySteps())
              + ", all that the warm-up leaves: train.decaySteps is "
              + train.decaySteps());
    }
    return lines;
  }

  /** Says how many parameters decay, in numbers and in tensors. */
  private static String decay(TrainConfig train, List<ParameterGroup> groups) {
    List<Parameter> all = groups.stream().flatMap(group -> group.parameters().stream()).toList();
    var decaying = all.stream().collect(Collectors.partitioningBy(train::decays));
    return "weight decay "
        + Toml.write(train.weightDecay())
        + ": "
        + count(decaying.get(true))
        + " decay, "
        + count(decaying.get(false))
        + " do not (train.noDecay = "
        + Toml.write(train.noDecay())
        + ")";
  }

  private static String count(List<Parameter> parameters) {
    return parameters.stream().mapToLong(Parameter::elements).sum()
        + " parameters in "
        + parameters.size()
        + (parameters.size() == 1 ? " tensor" : " tensors");
  }
}
