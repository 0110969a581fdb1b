package ringattention.command;

import java.util.Map;
import java.util.Optional;
import ringattention.data.HeldOutSamples;
import ringattention.data.ValidationConfig;
import ringattention.data.fasta.MarkovModel;
import ringattention.input.Configuration;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** What a held-out loss is to be compared with, where the corpus knows a simple model. */
final class SimpleModel {
  private SimpleModel() {}

  /**
   * Says in the log what a simple model makes of what is held out. Collective; the first rank reads
   * and counts.
   *
   * @return the same for the summary; nothing on other ranks, or where there is no such model
   */
  static Map<String, Object> tell(
      Job job, Configuration configuration, HeldOutSamples heldOut, RunOutput output) {
    int most = configuration.get(ValidationConfig.SECTION).sequences();
    Optional<MarkovModel> model =
        job.agree(() -> job.root() ? heldOut.baseline(most) : Optional.<MarkovModel>empty());
    model.ifPresent(best -> output.log().line(best.text()));
    return model.map(MarkovModel::values).orElse(Map.of());
  }
}
