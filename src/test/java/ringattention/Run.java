package ringattention;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringattention.comm.MpiJob;

/** A run that has ended: what it printed and the folder it left behind. */
record Run(MpiJob.Result job, Path folder) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern STARTED = Pattern.compile("started in (\\d+\\.\\d) s");

  List<String> printed() {
    return job.output().lines().toList();
  }

  /** The program's own words about an error; mpirun adds its own. */
  List<String> errors() {
    return printed().stream().filter(line -> line.startsWith("ringattention:")).toList();
  }

  String lastLine() {
    return printed().get(printed().size() - 1);
  }

  double startSeconds() {
    Matcher matcher = STARTED.matcher(job.output());
    if (!matcher.find()) {
      throw new AssertionError("no time of the start in\n" + job.output());
    }
    return Double.parseDouble(matcher.group(1));
  }

  List<String> lines(String file) {
    try {
      return Files.readAllLines(folder.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode summary() {
    return json(String.join("\n", lines("summary.json")));
  }

  List<JsonNode> events() {
    return lines("run.jsonl").stream().map(Run::json).toList();
  }

  /** A column of {@code steps.csv}, as text. */
  List<String> column(String name) {
    List<String> lines = lines("steps.csv");
    int column = List.of(lines.get(0).split(",")).indexOf(name);
    return lines.stream().skip(1).map(line -> line.split(",")[column]).toList();
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }
}
