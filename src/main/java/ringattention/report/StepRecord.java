package ringattention.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import ringattention.metrics.Mfu;

/**
 * What one training step gave. A step of whose labels none counts has neither loss nor gradient:
 * both are empty in files.
 *
 * @param step counted from 1
 * @param labelled whether any label of the step counts
 * @param loss mean over the labels of the step, in the unit of the model's loss; NaN where none
 *     counts
 * @param gradNorm L2 norm of the whole gradient before clipping; NaN where no label counts
 * @param timeS seconds, the maximum over ranks
 * @param tokensPerS tokens of all ranks together per second
 * @param mfu empty where no peak is known
 * @param validationLoss mean held-out loss after the step, in the unit of the model's loss; empty
 *     where not measured
 * @param seen up to the end of the step; empty in what earlier versions of the program wrote
 * @param answers to the questions of the step; empty where they are not counted
 */
public record StepRecord(
    long step,
    boolean labelled,
    double loss,
    double gradNorm,
    double learningRate,
    double timeS,
    double tokensPerS,
    Optional<Mfu> mfu,
    Optional<Double> validationLoss,
    Optional<DataSeen> seen,
    Optional<StepAnswers> answers) {
  /** The column of {@code steps.csv} that only a run with held-out texts has. */
  private static final String VALIDATION = "validation_loss";

  public StepRecord {
    if (!labelled) {
      loss = Double.NaN;
      gradNorm = Double.NaN;
    }
  }

  /** A step with labels, of which no more is known. */
  public StepRecord(
      long step,
      double loss,
      double gradNorm,
      double learningRate,
      double timeS,
      double tokensPerS,
      Optional<Mfu> mfu) {
    this(
        step,
        true,
        loss,
        gradNorm,
        learningRate,
        timeS,
        tokensPerS,
        mfu,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Returns the first line of {@code steps.csv}. New columns are the last, so that a file of an
   * earlier version can go on.
   *
   * @param mfu whether the records have one
   * @param validation whether they may have a held-out loss
   */
  public static String csvHeader(boolean mfu, boolean validation) {
    return csvHeader(mfu, validation, false);
  }

  /**
   * Returns the first line like {@link #csvHeader(boolean, boolean)}.
   *
   * @param answers whether the answers to questions are counted
   */
  public static String csvHeader(boolean mfu, boolean validation, boolean answers) {
    Optional<Mfu> shares = mfu ? Optional.of(new Mfu(0, 0, 0)) : Optional.empty();
    StepRecord any = new StepRecord(0, 0, 0, 0, 0, 0, shares);
    List<String> names = new ArrayList<>(any.measured().keySet());
    if (validation) {
      names.add(VALIDATION);
    }
    names.addAll(List.of(DataSeen.TOKENS, DataSeen.EPOCH));
    if (answers) {
      names.addAll(StepAnswers.NAMES);
    }
    return Csv.line(names).stripTrailing();
  }

  /**
   * Returns a line of {@code steps.csv}, with all digits, so that curves can be compared to the
   * bit.
   *
   * @param validation whether there is a column for the held-out loss
   */
  public String csv(boolean validation) {
    Map<String, Object> cells = measured();
    if (!labelled) {
      cells.put("loss", "");
      cells.put("grad_norm", "");
    }
    if (validation) {
      cells.put(VALIDATION, validationLoss.map(Object::toString).orElse(""));
    }
    cells.put(DataSeen.TOKENS, "");
    cells.put(DataSeen.EPOCH, "");
    seen.ifPresent(data -> data.put(cells));
    answers.ifPresent(
        given -> StepAnswers.NAMES.forEach(name -> cells.put(name, given.cells().get(name))));
    return Csv.line(List.copyOf(cells.values())).stripTrailing();
  }

  /**
   * Reads the lines of a file of steps, its header the first; the list may be changed.
   *
   * @throws OutputException if one is not such a line
   */
  public static List<StepRecord> ofCsv(List<String> lines) {
    return lines.stream()
        .skip(1)
        .map(line -> ofCsv(lines.get(0), line))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  /**
   * Reads {@link #csv} back, without the shares of the peak.
   *
   * @param header first line of the file
   * @throws OutputException if it is not such a line
   */
  public static StepRecord ofCsv(String header, String line) {
    try {
      Map<String, String> cells = Csv.rows(header + "\n" + line).get(0);
      boolean labelled = !cells.get("loss").isEmpty() || !cells.get("grad_norm").isEmpty();
      String validation = cells.getOrDefault(VALIDATION, "");
      String tokens = cells.getOrDefault(DataSeen.TOKENS, "");
      return new StepRecord(
          Long.parseLong(cells.get("step")),
          labelled,
          labelled ? Double.parseDouble(cells.get("loss")) : Double.NaN,
          labelled ? Double.parseDouble(cells.get("grad_norm")) : Double.NaN,
          Double.parseDouble(cells.get("learning_rate")),
          Double.parseDouble(cells.get("time_s")),
          Double.parseDouble(cells.get("tokens_per_s")),
          Optional.empty(),
          validation.isEmpty() ? Optional.empty() : Optional.of(Double.valueOf(validation)),
          tokens.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new DataSeen(Long.parseLong(tokens), number(cells.get(DataSeen.EPOCH)))),
          StepAnswers.of(cells));
    } catch (OutputException | NumberFormatException | NullPointerException e) {
      throw new OutputException("steps.csv: not a line of that file: " + line, e);
    }
  }

  private static OptionalDouble number(String cell) {
    return cell.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(cell));
  }

  /** Returns whether loss and gradient are finite; a step where they are not changes no weight. */
  public boolean isFinite() {
    return Double.isFinite(loss) && Double.isFinite(gradNorm);
  }

  /** Returns whether the step had labels, but a loss or gradient that is not finite. */
  public boolean isSkipped() {
    return labelled && !isFinite();
  }

  /** The same values under their names, for {@code run.jsonl}. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = measured();
    seen.ifPresent(data -> data.put(fields));
    answers.ifPresent(given -> given.put(fields));
    return fields;
  }

  private Map<String, Object> measured() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("step", step);
    fields.put("loss", loss);
    fields.put("grad_norm", gradNorm);
    fields.put("learning_rate", learningRate);
    fields.put("time_s", timeS);
    fields.put("tokens_per_s", tokensPerS);
    mfu.ifPresent(shares -> putMfu(fields, shares));
    return fields;
  }

  /** The shares under the names they have in every file. */
  public static void putMfu(Map<String, Object> fields, Mfu shares) {
    fields.put("mfu_causal", shares.causalExact());
    fields.put("mfu_paper", shares.paper());
    fields.put("mfu_hardware", shares.hardware());
  }
}
