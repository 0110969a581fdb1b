package ringattention.report;

import static ringattention.report.TextTable.Align.LEFT;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.metrics.Statistics;

/**
 * How far a run is, for someone who has only its folder.
 *
 * @param stage the last that has begun, of a run in stages: where its steps are
 * @param checkpoint the newest complete one, in words
 * @param now when the folder was looked at
 */
public record RunStatus(
    RecordedRun run, Optional<RecordedRun> stage, Optional<String> checkpoint, Instant now) {
  private static final int RECENT = 100; // steps that say how fast it is now
  private static final double PATIENCE = 10; // times a step's length
  private static final double LEAST_PATIENCE_S = 120;
  private static final double START_S = 600; // of tokenizing and loading, before the first step
  private static final int STOPPED = 75; // exit code: to be resumed
  private static final int DIVERGED = 4;
  private static final int CHECK_FAILED = 3;

  public List<String> lines() {
    TextTable table = new TextTable(LEFT, LEFT);
    table.row("run", run.folder().toString());
    if (run.start().containsKey("command")) {
      table.row("command", run.start().get("command"));
    }
    stage.ifPresent(
        last -> table.row("stage", last.folder() + " of " + run.start().get("stages") + " stages"));
    table.row("state", state());
    if (run.end().isEmpty() && !died()) {
      latest().phase().ifPresent(phase -> table.row("doing", phase));
    }
    String command = run.start().getOrDefault("command", "");
    if (died() && command.startsWith("ringattention train ")) {
      table.row("to go on", resuming(command, run.folder()));
    }
    if (!latest().steps().isEmpty()) {
      steps(table);
    }
    checkpoint.ifPresent(text -> table.row("checkpoint", text));
    run.end()
        .filter(end -> end.has("verdict"))
        .ifPresent(
            end ->
                table.row(
                    "verdict", end.path("verdict").asText() + text(end.path("verdict_text"))));
    return table.lines();
  }

  /** Where the run's steps are. */
  private RecordedRun latest() {
    return stage.orElse(run);
  }

  /** Where a step is in its run, which a curriculum may end before the last of its inputs. */
  private String place(long step, long total) {
    if (total == 0) {
      return Long.toString(step);
    }
    boolean done = latest().end().filter(end -> end.path("exit_code").asInt(1) == 0).isPresent();
    return done && step < total
        ? Units.format("%d, the last, of %d at most", step, total)
        : Units.format("%d of %d (%.0f%%)", step, total, 100.0 * step / total);
  }

  private static String text(JsonNode reason) {
    return reason.isTextual() ? ": " + reason.asText() : "";
  }

  private void steps(TextTable table) {
    Map.Entry<Long, RecordedRun.Step> first = latest().steps().firstEntry();
    Map.Entry<Long, RecordedRun.Step> last = latest().steps().lastEntry();
    long total = total();
    table.row("step", place(last.getKey(), total));
    table.row(
        "loss",
        Units.format(
            "%.4f now, %.4f at step %d",
            latest().lastLoss().getValue(), first.getValue().loss(), first.getKey()));
    last.getValue().seen().ifPresent(seen -> table.row("seen", seen.text()));
    double pace = pace();
    table.row(
        "speed",
        Units.scaled(last.getValue().tokensPerS() * last.getValue().timeS() / pace, "tok/s")
            + ", "
            + Units.time(pace)
            + " a step");
    last.getValue()
        .mfu()
        .ifPresent(
            share ->
                table.row(
                    "MFU", Units.format("%.1f%%", 100 * share * last.getValue().timeS() / pace)));
    if (run.end().isEmpty() && !died() && total > last.getKey()) {
      table.row("left", Units.duration((total - last.getKey()) * pace));
    }
  }

  /** Median seconds of the last steps. */
  private double pace() {
    return Statistics.of(
            latest().steps().descendingMap().values().stream()
                .limit(RECENT)
                .mapToDouble(RecordedRun.Step::timeS)
                .toArray())
        .median();
  }

  /** Steps of the whole run; 0 if it has none. */
  private long total() {
    return latest().inputs().values().get("train.steps") instanceof Number steps
        ? steps.longValue()
        : 0;
  }

  private String state() {
    if (latest().isTakenUp()) {
      return "going on again, reading what it needs: " + latest().holder().orElseThrow();
    }
    if (run.end().isPresent()) {
      return ended(run.end().get().path("exit_code").asInt(1));
    }
    double age = Duration.between(latest().written(), now).toMillis() * 1e-3;
    double patience =
        latest().steps().isEmpty() ? START_S : Math.max(LEAST_PATIENCE_S, PATIENCE * pace());
    String since = "last line " + Units.duration(Math.max(0, age)) + " ago";
    String word = age <= patience ? "running, " : "stale, ";
    if (run.holder().isEmpty()) {
      return "failed without a verdict, " + since + ": no process has the folder";
    }
    LockHolder holder = run.holder().get();
    return switch (holder.state()) {
      case GONE -> "died, " + since + ": " + holder + " is gone";
      case ELSEWHERE -> word + since + ", by " + holder + ", which cannot be seen from here";
      case ALIVE ->
          word
              + since
              + (age <= patience ? "" : ": " + holder + " is there, and waits for something");
    };
  }

  /** Whether nothing will be written any more, and a verdict is missing. */
  private boolean died() {
    return run.end().isEmpty()
        && run.holder().map(LockHolder::state).orElse(LockHolder.State.GONE)
            == LockHolder.State.GONE;
  }

  /** The command that goes on with a run of training. */
  private static String resuming(String command, Path folder) {
    List<String> words = List.of(command.split(" "));
    return command
        + (words.contains("-o") ? "" : " -o " + folder)
        + (words.contains("--resume") ? "" : " --resume");
  }

  private static String ended(int exitCode) {
    String how =
        switch (exitCode) {
          case 0 -> "finished";
          case CHECK_FAILED -> "finished, but a check failed";
          case DIVERGED -> "failed: it diverged";
          case STOPPED -> "stopped, to be resumed";
          default -> "failed";
        };
    return how + " (exit code " + exitCode + ")";
  }
}
