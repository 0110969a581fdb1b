package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringattention.comm.MpiJob;

/** A run that has ended: what it printed and the folder it left behind. */
public record Run(MpiJob.Result job, Path folder) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern STARTED = Pattern.compile("started in (\\d+\\.\\d) s");

  public List<String> printed() {
    return job.output().lines().toList();
  }

  /** The program's own words about an error; mpirun adds its own. */
  public List<String> errors() {
    return printed().stream().filter(line -> line.startsWith("ringattention:")).toList();
  }

  public String lastLine() {
    return printed().get(printed().size() - 1);
  }

  double startSeconds() {
    Matcher matcher = STARTED.matcher(job.output());
    if (!matcher.find()) {
      throw new AssertionError("no time of the start in\n" + job.output());
    }
    return Double.parseDouble(matcher.group(1));
  }

  public List<String> lines(String file) {
    try {
      return Files.readAllLines(folder.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public JsonNode summary() {
    return json(String.join("\n", lines("summary.json")));
  }

  public List<JsonNode> events() {
    return lines("run.jsonl").stream().map(Run::json).toList();
  }

  /** A column of {@code steps.csv}, as text. */
  public List<String> column(String name) {
    List<String> lines = lines("steps.csv");
    int column = List.of(lines.get(0).split(",")).indexOf(name);
    return lines.stream().skip(1).map(line -> line.split(",", -1)[column]).toList();
  }

  /** A row of a table without quoted cells, counted from 1, by the names of its columns. */
  Map<String, String> row(String file, int number) {
    List<String> lines = lines(file);
    String[] names = lines.get(0).split(",");
    String[] cells = lines.get(number).split(",");
    assertEquals(names.length, cells.length, lines.get(number));
    Map<String, String> row = new LinkedHashMap<>();
    for (int i = 0; i < names.length; i++) {
      row.put(names[i], cells[i]);
    }
    return row;
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }
}
