package ringattention.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import ringattention.metrics.TextUnit;
import ringattention.model.LossByPosition;
import ringattention.report.Plots;

/** Losses by position, as the log, {@code positions.csv} and the plot show them. */
record PositionTable(LossByPosition losses) {
  /** Returns lines for the log. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    String names = String.format(Locale.ROOT, "%-23s %12s %10s", "position", "labels", "loss");
    String ofTokens = String.format(Locale.ROOT, "%s %12s %9s", names, "perplexity", "accuracy");
    lines.add(losses.unit().isOfTokens() ? ofTokens + (hasBits() ? "   " + bits() : "") : names);
    for (LossByPosition.Bucket bucket : losses.buckets()) {
      if (bucket.labels() > 0) {
        lines.add(
            row(
                bucket.from() + " to " + bucket.to(),
                bucket.labels(),
                bucket.loss(),
                bucket.accuracy(),
                bits(bucket)));
      }
    }
    double bits = losses.bits().orElse(Double.NaN);
    lines.add(row("all", losses.labels(), losses.loss(), losses.accuracy(), bits));
    return lines;
  }

  private String row(String position, long labels, double loss, double accuracy, double bits) {
    String row = String.format(Locale.ROOT, "%-23s %12d %10.4f", position, labels, loss);
    return losses.unit().isOfTokens()
        ? String.format(Locale.ROOT, "%s %12.4g %8.2f%%", row, Math.exp(loss), 100 * accuracy)
            + (hasBits() ? String.format(Locale.ROOT, " %15.4f", bits) : "")
        : row;
  }

  /** Returns whether bits are what is asked for: those of text are in its total. */
  private boolean hasBits() {
    return losses.knowsBytes() && losses.text() != TextUnit.BYTE;
  }

  private String bits() {
    return "bits per " + losses.text();
  }

  private static double bits(LossByPosition.Bucket bucket) {
    return bucket.total() / Math.log(2) / bucket.bytes();
  }

  /** Returns {@code positions.csv}: sums with all digits, means empty where there is no label. */
  String csv() {
    StringBuilder text =
        new StringBuilder(
            "from,to,labels,"
                + losses.unit().key()
                + ",hits,"
                + losses.text().plural()
                + ",loss,accuracy\n");
    for (LossByPosition.Bucket bucket : losses.buckets()) {
      List<Object> cells =
          List.of(
              bucket.from(),
              bucket.to(),
              bucket.labels(),
              bucket.total(),
              losses.unit().isOfTokens() ? bucket.hits() : "",
              losses.knowsBytes() ? bucket.bytes() : "",
              bucket.labels() == 0 ? "" : bucket.loss(),
              bucket.labels() == 0 || !losses.unit().isOfTokens() ? "" : bucket.accuracy());
      text.append(String.join(",", cells.stream().map(Object::toString).toList())).append('\n');
    }
    return text.toString();
  }

  /** Returns the plot: every bucket at its first position, the first at 1. */
  byte[] plot() {
    List<LossByPosition.Bucket> filled =
        losses.buckets().stream().filter(bucket -> bucket.labels() > 0).toList();
    return Plots.lines(
        "Loss by position",
        new Plots.Axis("tokens of its document that the prediction has seen", true),
        new Plots.Axis(hasBits() ? bits() : losses.unit() + " per label", false),
        List.of(
            new Plots.Series(
                "held-out loss",
                filled.stream().mapToDouble(bucket -> Math.max(1, bucket.from())).toArray(),
                filled.stream()
                    .mapToDouble(bucket -> hasBits() ? bits(bucket) : bucket.loss())
                    .toArray())));
  }
}
