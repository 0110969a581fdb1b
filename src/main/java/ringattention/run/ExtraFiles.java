package ringattention.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import ringattention.report.OutputException;
import ringattention.report.RunFolder;
import ringattention.report.StepRecord;
import ringattention.report.TensorBoard;

/**
 * What a run can do without: plots, curves, and, once its result is written, further lines of its
 * log. What of it cannot be written is said in one line and fails nothing. Plots wait until the
 * result is written, so that they never take the room that it needs.
 */
final class ExtraFiles {
  private static final String WARNING = "WARNING: ";

  private final Optional<RunFolder> folder;
  private final Map<String, Supplier<byte[]>> plots = new LinkedHashMap<>();
  private Optional<TensorBoard> board = Optional.empty();
  private boolean resultIsSafe;

  ExtraFiles(Optional<RunFolder> folder) {
    this.folder = folder;
  }

  /**
   * Returns lines for a file that may end early once the result is written.
   *
   * @param console takes the reason
   */
  Consumer<String> lines(Consumer<String> file, Consumer<String> console) {
    boolean[] ended = new boolean[1];
    return line -> {
      try {
        if (!ended[0]) {
          file.accept(line);
        }
      } catch (OutputException e) {
        if (!resultIsSafe) {
          throw e;
        }
        ended[0] = true;
        console.accept(WARNING + e.getMessage());
      }
    };
  }

  /** Starts curves for TensorBoard; they end where they cannot be written. */
  ObjLongConsumer<StepRecord> curves(long after, Consumer<String> log) {
    attempt(() -> board = folder.map(made -> made.tensorBoard(after)), log);
    return (record, peak) -> {
      if (!attempt(() -> board.ifPresent(curves -> curves.write(record, peak)), log)) {
        board = Optional.empty();
      }
    };
  }

  /** Writes a file that is no part of the result; returns whether it could. */
  boolean write(String file, String text, Consumer<String> log) {
    return attempt(() -> folder.ifPresent(made -> made.write(file, text)), log);
  }

  private static boolean attempt(Runnable writing, Consumer<String> log) {
    try {
      writing.run();
      return true;
    } catch (OutputException e) {
      log.accept(WARNING + e.getMessage());
      return false;
    }
  }

  /** Takes a plot for the end. */
  void plot(String name, Supplier<byte[]> png) {
    plots.put(name, png);
  }

  /**
   * Draws a plot now.
   *
   * @throws OutputException where the machine cannot draw, or the folder takes no more
   */
  void draw(String name, Supplier<byte[]> png) {
    folder.ifPresent(made -> made.write("plots/" + name + ".png", png.get()));
  }

  /** Takes note that the result is written, and writes what has waited for it. */
  void finish(Consumer<String> log) {
    resultIsSafe = true;
    attempt(() -> board.ifPresent(TensorBoard::close), log);
    List<String> missing = new ArrayList<>();
    String reason = "";
    for (Map.Entry<String, Supplier<byte[]>> plot : plots.entrySet()) {
      try {
        draw(plot.getKey(), plot.getValue());
      } catch (OutputException | OutOfMemoryError e) {
        reason = missing.isEmpty() ? e.getMessage() : reason;
        missing.add(plot.getKey());
      }
    }
    plots.clear();
    if (!missing.isEmpty()) {
      log.accept(WARNING + "no plot of " + String.join(", ", missing) + ": " + reason);
    }
  }
}
