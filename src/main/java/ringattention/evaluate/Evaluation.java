package ringattention.evaluate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.comm.Communicator;
import ringattention.data.HeldOutSamples;
import ringattention.data.ValidationConfig;
import ringattention.device.Device;
import ringattention.model.HeldOutLoss;
import ringattention.model.LossByPosition;
import ringattention.model.Replica;
import ringattention.plan.PeakMemory;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.run.Job;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/** An evaluation and what it leaves: log, files, checks and verdict. */
public final class Evaluation {
  private final Job job;
  private final TrainingPlan plan;
  private final HeldOutSamples samples;
  private final HeldOutLoss heldOut;
  private final Map<String, Object> compared;
  private final int most; // sequences; 0: all

  /**
   * @param compared what the loss is compared with, for the summary; nothing: it is not
   */
  public Evaluation(
      Job job,
      TrainingPlan plan,
      Replica replica,
      HeldOutSamples samples,
      Map<String, Object> compared) {
    this.compared = compared;
    ValidationConfig config = plan.configuration().get(ValidationConfig.SECTION);
    this.job = job;
    this.plan = plan;
    this.samples = samples;
    this.most = config.sequences();
    this.heldOut = new HeldOutLoss(plan.setup(), job.world(), replica, samples, most, job.timer());
  }

  /**
   * Measures the loss, writes it down and judges it. Collective.
   *
   * @return the exit code
   */
  public int run(Device device, RunOutput output) {
    output.log().section("Evaluation");
    output.log().line(samples.text());
    long start = System.nanoTime();
    LossByPosition losses = heldOut.measure();
    double own = (System.nanoTime() - start) * 1e-9;
    double seconds = job.world().allReduce(own, Communicator.Operation.MAX);
    output.log().line(covered());
    PositionTable table = new PositionTable(losses);
    output.log().section("Loss by position, in " + losses.unit());
    output.log().rows(table.lines());
    if (losses.unit().isOfTokens()) {
      output.log().line(bits(losses));
    }
    if (!losses.sources().isEmpty()) {
      output.log().line("loss by source: " + losses.sourcesText());
    }
    output.write("positions.csv", table.csv());
    output.plot("loss_by_position", table::plot);
    Map<String, Object> values = values(losses, seconds);
    output.event("evaluation", values);
    String result =
        String.format(
            Locale.ROOT,
            "loss %.4f%s, %s%d labels, %d ranks",
            losses.loss(),
            ofTokens(losses),
            exact(losses),
            losses.labels(),
            job.world().size());
    double rate = heldOut.sequences() * (double) plan.setup().sequence() / seconds;
    PeakMemory peak = PeakMemory.of(job, plan, device);
    values.put("planned_peak_bytes", peak.worst().planned());
    values.put("measured_peak_bytes", peak.worst().measured());
    return new RunEnd(output).finish(checks(losses, peak), result, losses.loss(), rate, values);
  }

  /** Returns what follows from a loss in nats, and the unit of another one. */
  private static String ofTokens(LossByPosition losses) {
    return losses.unit().isOfTokens()
        ? String.format(
            Locale.ROOT,
            ", perplexity %.4g, %s, accuracy %.2f%%",
            losses.perplexity(),
            bits(losses),
            100 * losses.accuracy())
        : " " + losses.unit();
  }

  private static String bits(LossByPosition losses) {
    return losses.bitsText().orElse("no bits per byte (this tokenizer's bytes are not known)");
  }

  private static String exact(LossByPosition losses) {
    return losses
        .answers()
        .map(
            answers ->
                String.format(
                    Locale.ROOT,
                    "exact %.4f of %d questions, ",
                    answers.exactRate(),
                    answers.questions()))
        .orElse("");
  }

  /** Says what was evaluated, and what was not. */
  private String covered() {
    long all = samples.sequences();
    String which =
        heldOut.sequences() == all
            ? "all " + all + " sequences; the last is padded, padding does not count"
            : "the first " + heldOut.sequences() + " of " + all + " sequences";
    return which + "; losses are means over labels, in " + plan.setup().model().lossUnit();
  }

  private Map<String, Object> values(LossByPosition losses, double seconds) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("loss", losses.loss());
    values.put("loss_unit", losses.unit().toString());
    if (losses.unit().isOfTokens()) {
      values.put("perplexity", losses.perplexity());
      losses.bits().ifPresent(bits -> values.put(losses.text().bitsKey(), bits));
      values.put("accuracy", losses.accuracy());
    }
    losses
        .answers()
        .ifPresent(
            answers -> {
              values.put("exact_rate", answers.exactRate());
              values.put("exact", answers.exact());
              values.put("questions", answers.questions());
            });
    values.put("labels", losses.labels());
    if (!losses.sources().isEmpty()) {
      values.put("loss_by_source", losses.bySource());
    }
    values.put(losses.unit().key(), losses.total());
    values.putAll(compared);
    if (losses.knowsBytes()) {
      values.put(losses.text().plural(), losses.bytes());
    }
    values.put("sequences", heldOut.sequences());
    values.put("evaluation_s", seconds);
    return values;
  }

  private List<Check> checks(LossByPosition losses, PeakMemory peak) {
    List<Check> checks = new ArrayList<>();
    checks.add(peak.check("memory"));
    checks.add(
        Check.atMost(
            "loss is finite",
            Double.isFinite(losses.loss()) ? 0 : 1,
            0,
            "1 if the mean loss is not finite",
            Map.of("labels", (double) losses.labels())));
    if (heldOut.sequences() < samples.sequences()) {
      checks.add(Check.notChecked("every label once", "validation.sequences leaves some out"));
    } else {
      long labels = samples.labels();
      checks.add(
          Check.atMost(
              "every label once",
              Math.abs(losses.labels() - labels),
              0,
              "|labels evaluated - labels of the corpus|",
              Map.of("labels of the corpus", (double) labels)));
    }
    return checks;
  }
}
