package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.MpiJob;

/** Every command but {@code train}, the ranks as threads. */
class CommandTest {
  // name, purpose, bytes, the same for people, formula; the sums below have no formula
  private static final Pattern BUFFER =
      Pattern.compile("\\S+ +([a-z]+) +(\\d+) +[\\d.]+ (?:B|KiB|MiB) +\\S.*");

  private Program program;
  private String input;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    input = program.file("small.toml").toString();
    output = program.file("output");
  }

  private Run run(int ranks, String... arguments) {
    return new Run(program.inProcess(ranks, arguments), output);
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 3})
  void validateProves(int ranks) {
    Run run = run(ranks, "validate", input, "-o", output.toString());
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertFalse(run.job().output().contains("FAILED"), run.job().output());
    JsonNode checks = run.summary().path("checks");
    assertTrue(
        run.lastLine().equals("VALID: " + checks.size() + " checks, " + ranks + " ranks"),
        run.lastLine());
    List<String> csv = run.lines("checks.csv");
    assertEquals("check,ranks,value,threshold,verdict", csv.get(0));
    assertEquals(1 + checks.size(), csv.size());
    csv.stream()
        .skip(1)
        .forEach(row -> assertTrue(row.matches("\".*\"," + ranks + ",\\S+,\\S+,PASSED"), row));
    Set<String> names = new TreeSet<>();
    checks.forEach(check -> names.add(check.path("name").asText()));
    assertEquals(checks.size(), names.size(), "a name stands twice");
    for (String layout : List.of("contiguous", "zigzag", "striped")) {
      for (String mask : List.of("causal", "full")) {
        for (String part : List.of("O, ", "lse, ", "dQ, ", "dK, ", "dV, ")) {
          String start = part + layout + ", " + mask;
          // two lengths, two numbers of key and value heads
          assertTrue(
              names.stream().filter(name -> name.startsWith(start)).count() >= 4,
              start + " is not in " + names);
        }
      }
    }
    assertTrue(names.stream().anyMatch(name -> name.startsWith("O, zigzag, causal, 256 tokens")));
  }

  @ParameterizedTest(name = "bench {0}")
  @CsvSource({
    "kernels, kernels.csv, 1, 28, 'kernel,shape,dtype,time_us,tflops,gbytes_per_s,copy_fraction,"
        + "wrong'",
    "attention, attention.csv, 2, 4, 'tokens,ranks,head_ranks,head_chunks,layout,mask,heads,key_value_heads,head_size,dtype,"
        + "pass,time_ms,gflops_per_rank,matmul_gflops,matmul_fraction,bound_fraction,machine_fraction,"
        + "exposed_wait_ms,wrong'",
    "ring-exchange, ring_exchange.csv, 2, 2, 'bytes,ranks,time_us,bandwidth_gbytes_per_s,wrong'"
  })
  void benchPrintsATableWithoutWrongResults(
      String what, String file, int ranks, int rows, String header) {
    Run run = run(ranks, "bench", what, input, "-o", output.toString());
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertTrue(run.lastLine().startsWith("# VALID"), run.job().output());
    List<String> printed = run.printed();
    List<String> names = List.of(header.split(","));
    int title = 0;
    while (!List.of(printed.get(title).split("\\s+")).equals(prepended("#", names))) {
      title++;
      assertTrue(title < printed.size(), "no row of names in\n" + run.job().output());
    }
    assertTrue(printed.get(title + 1).matches("#[\\sA-Za-z/()]+"), printed.get(title + 1));
    assertTrue(printed.get(title + 1).contains("s)"), "no unit of time");
    for (String row : printed.subList(title + 2, title + 2 + rows)) {
      assertEquals(names.size(), row.strip().split("\\s+").length, row);
      assertTrue(row.endsWith(" 0"), row); // the column "wrong"
    }
    assertTrue(printed.get(title + 2 + rows).startsWith("#"), "more rows than expected");
    int hops = what.equals("ring-exchange") ? ranks : 0; // have a table of their own
    List<String> behind = printed.subList(title + 2 + rows, printed.size());
    assertEquals(hops, behind.stream().filter(line -> !line.startsWith("#")).count());
    List<String> csv = run.lines(file);
    assertEquals(header, csv.get(0));
    assertEquals(1 + rows, csv.size());
    csv.stream().skip(1).forEach(row -> assertTrue(row.endsWith(",0"), row));
  }

  @Test
  void everyHopOfTheRingHasARow() {
    Run run = run(3, "bench", "ring-exchange", input, "-o", output.toString());
    assertEquals(0, run.job().exitCode(), run.job().output());
    List<String> csv = run.lines("ring_hops.csv");
    assertEquals("from,to,kind,bytes,time_us,bandwidth_gbytes_per_s,wrong", csv.get(0));
    assertEquals(4, csv.size());
    for (int rank = 0; rank < 3; rank++) {
      String row = csv.get(1 + rank);
      assertTrue(row.matches(rank + "," + (rank + 1) % 3 + ",same-host,\\d+,.*,0"), row);
    }
  }

  @Test
  void longSequencesAreBoundByTheRateOfShorterOnes() {
    String[] lengths = {
      "-D", "benchAttention.tokens=[512, 2048]", "-D", "benchAttention.boundTokens=512"
    };
    List<String> words = new ArrayList<>(List.of("bench", "attention", input));
    words.addAll(List.of("-o", output.toString(), "-D", "benchAttention.repeats=3"));
    words.addAll(List.of("-D", "benchAttention.forward=false"));
    words.addAll(List.of(lengths));
    Run run = run(2, words.toArray(String[]::new));
    assertEquals(0, run.job().exitCode(), run.job().output());
    List<String> csv = run.lines("attention.csv");
    int bound = List.of(csv.get(0).split(",")).indexOf("bound_fraction");
    List<String> longer = csv.stream().filter(row -> row.startsWith("2048,")).toList();
    assertEquals(1, longer.size(), "one pass, which one rank has not done alone");
    for (String row : longer) { // 16 times the work of the shorter one
      assertTrue(row.startsWith("2048,2,"), row);
      assertTrue(Double.parseDouble(row.split(",")[bound]) > 0.15, row);
    }
  }

  @Test
  void everyNumberOfRanksThatExchangeHeadsHasARowBelowTheOneOfOneRank() {
    String[] words = {
      "bench",
      "attention",
      input,
      "-o",
      output.toString(),
      "-D",
      "benchAttention.headRanks=[2, 1]",
      "-D",
      "benchAttention.forward=false",
      "-D",
      "benchAttention.tokens=[67, 128]",
      "-D",
      "benchAttention.heads=4",
      "-D",
      "parallel.headChunks=2"
    };
    Run run = run(2, words);
    assertEquals(0, run.job().exitCode(), run.job().output());
    List<String> csv = run.lines("attention.csv");
    assertTrue(csv.get(0).startsWith("tokens,ranks,head_ranks,head_chunks,"), csv.get(0));
    assertEquals(
        List.of("67,1,1,1", "67,2,2,2", "67,2,1,1", "128,1,1,1", "128,2,2,2", "128,2,1,1"),
        csv.stream()
            .skip(1)
            .map(row -> String.join(",", List.of(row.split(",")).subList(0, 4)))
            .toList());
    csv.stream().skip(1).forEach(row -> assertTrue(row.endsWith(",0"), row));
  }

  @ParameterizedTest
  @CsvSource({
    "3, 1, 'benchAttention.headRanks = [1, 2]: must each divide the number of ranks (3)'",
    "2, 2, 'parallel.headChunks = 2: must divide the key/value heads of a rank, "
        + "benchAttention.keyValueHeads / benchAttention.headRanks'"
  })
  void headsThatRanksCannotExchange(int ranks, int chunks, String message) {
    String[] words = {
      "bench",
      "attention",
      input,
      "-D",
      "benchAttention.headRanks=[1, 2]",
      "-D",
      "parallel.headChunks=" + chunks
    };
    Run run = run(ranks, words);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.job().output().strip().endsWith(message), run.job().output());
  }

  private static List<String> prepended(String first, List<String> rest) {
    return Stream.concat(Stream.of(first), rest.stream()).toList();
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"plan", "train --dry-run"})
  void planNamesEveryBufferAndWritesNothing(String command) throws IOException {
    Set<String> before = everything();
    Stream<String> folder = // plan takes none
        command.equals("plan") ? Stream.of() : Stream.of("-o", output.toString());
    List<String> words =
        Stream.concat(Stream.concat(Stream.of(command.split(" ")), Stream.of(input)), folder)
            .toList();
    MpiJob.Result job = program.inProcess(2, words.toArray(String[]::new));
    assertEquals(0, job.exitCode(), job.output());
    Set<String> purposes = new TreeSet<>();
    long sum = 0;
    long total = 0;
    for (String line : job.output().lines().toList()) {
      Matcher buffer = BUFFER.matcher(line);
      if (buffer.matches()) {
        purposes.add(buffer.group(1));
        sum += Long.parseLong(buffer.group(2));
      } else if (line.matches("total +on the device .*")) {
        total = Long.parseLong(line.split("\\s+")[4]);
      }
    }
    for (String buffer : List.of("block.1.input", "ring.slot.0", "parameters.block.0.weight")) {
      assertTrue(job.output().contains("\n" + buffer + " "), buffer + "\n" + job.output());
    }
    assertEquals(
        Set.of("workspace", "parameters", "gathered", "saved", "activations", "ring"), purposes);
    assertEquals(total, sum, job.output());
    assertFalse(job.output().contains("step  1/20"), job.output());
    assertEquals(before, everything());
  }

  @Test
  void planForOtherHardwareNeedsNone() throws IOException {
    Set<String> before = everything();
    MpiJob.Result job =
        program.inProcessAlone(
            "plan", input, "--hardware", "tpuv4", "--ranks", "2", "--memory-cap", "7.25GiB");
    assertEquals(0, job.exitCode(), job.output());
    for (String part :
        List.of(
            "2 x tpuv4: 32.0 GiB free",
            " of 7.25 GiB on the device", // not all that is free
            "\nsum     ring ",
            "\nLongest context\n",
            "\nattention ",
            "\nexposed communication: ",
            "\ncausal-exact ")) {
      assertTrue(job.output().contains(part), part + " is not in\n" + job.output());
    }
    assertEquals(before, everything());
    MpiJob.Result wrong = program.inProcessAlone("plan", input, "--hardware", "abacus");
    assertEquals(2, wrong.exitCode(), wrong.output());
    assertTrue(wrong.output().contains("--hardware=abacus: must be one of "), wrong.output());
  }

  /** The files and folders of the test and of the default output folder. */
  private Set<String> everything() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path root : List.of(program.file("."), Path.of("outputs"))) {
      if (Files.exists(root)) {
        try (Stream<Path> files = Files.walk(root)) {
          files.forEach(file -> names.add(file.toString()));
        }
      }
    }
    return names;
  }
}
