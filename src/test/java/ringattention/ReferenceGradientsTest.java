package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code gradients} against the reference device, the ranks as threads. */
class ReferenceGradientsTest {
  private static final int VOCABULARY = 256;
  private static final int SEQUENCE = 97;

  private Program program;

  /** An array of a file, its shape in front. */
  private record Array(List<Integer> shape, double[] values) {}

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
  }

  private Run gradients(int ranks, String... more) {
    Path output = program.file("gradients-" + ranks + String.join("", more).replace('/', '-'));
    List<String> arguments =
        new ArrayList<>(List.of("gradients", program.file("small.toml").toString()));
    arguments.addAll(List.of("-o", output.toString(), "-D", "train.sequence=" + SEQUENCE));
    arguments.addAll(List.of(more));
    Run run = new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static Map<String, Array> read(Run run, String name) throws IOException {
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(run.folder().resolve(name + ".safetensors")))
            .order(ByteOrder.LITTLE_ENDIAN);
    byte[] json = new byte[Math.toIntExact(file.getLong())];
    file.get(json);
    JsonNode header = new ObjectMapper().readTree(new String(json, StandardCharsets.UTF_8));
    int data = file.position();
    Map<String, Array> arrays = new LinkedHashMap<>();
    header
        .fields()
        .forEachRemaining(
            entry -> {
              JsonNode place = entry.getValue();
              int from = data + place.path("data_offsets").get(0).asInt();
              int to = data + place.path("data_offsets").get(1).asInt();
              boolean floats = place.path("dtype").asText().equals("F32");
              double[] values =
                  IntStream.iterate(from, at -> at < to, at -> at + 4)
                      .mapToDouble(at -> floats ? file.getFloat(at) : file.getInt(at))
                      .toArray();
              List<Integer> shape = new ArrayList<>();
              place.path("shape").forEach(extent -> shape.add(extent.asInt()));
              arrays.put(entry.getKey(), new Array(shape, values));
            });
    return arrays;
  }

  /**
   * The reference device computes in double, and its gradients are checked against differences of
   * the loss; 1e-5 is what single precision leaves of sums over {@value #SEQUENCE} tokens.
   */
  @ParameterizedTest(name = "{0} ranks, batch {1}, ring {2}, {3}")
  @CsvSource({"1, 1, 1, cpu", "2, 1, 2, cpu", "3, 1, 3, reference", "4, 4, 2, cpu"})
  void areThoseOfTheReference(int ranks, int batch, int ring, String device) throws IOException {
    String sequences = "train.batch=" + batch;
    Run truth = gradients(1, "-D", sequences, "-D", "device.kind=reference");
    Run run =
        gradients(
            ranks,
            "-D",
            sequences,
            "-D",
            "parallel.ring=" + ring,
            "-D",
            "device.kind=" + device,
            "-D",
            "lossHead.block=10");
    for (String file : List.of("logits", "gradients")) {
      Map<String, Array> expected = read(truth, file);
      Map<String, Array> found = read(run, file);
      assertEquals(expected.keySet(), found.keySet());
      expected.forEach(
          (name, array) -> {
            assertEquals(array.shape(), found.get(name).shape(), name);
            double apart = distance(array.values(), found.get(name).values());
            assertTrue(apart <= 1e-5, name + " is " + apart + " from the reference");
          });
    }
    assertEquals(loss(truth), loss(run), 1e-6 * loss(truth));
  }

  /** Relative, Euclidean. */
  private static double distance(double[] expected, double[] found) {
    double squares = 0;
    double all = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += (found[i] - expected[i]) * (found[i] - expected[i]);
      all += expected[i] * expected[i];
    }
    return Math.sqrt(squares / all);
  }

  private static double loss(Run run) {
    return run.summary().path("final_loss").asDouble();
  }

  /** Every row of logits belongs to the label beside it, and to the token before that. */
  @Test
  void logitsAndLabelsGiveTheLoss() throws IOException {
    Run run = gradients(2, "-D", "train.batch=2");
    Map<String, Array> file = read(run, "logits");
    assertEquals(List.of(2, SEQUENCE, VOCABULARY), file.get("logits").shape());
    double[] logits = file.get("logits").values();
    double[] labels = file.get("labels").values();
    double[] tokens = file.get("tokens").values();
    double[] positions = file.get("positions").values();
    double loss = 0;
    for (int row = 0; row < labels.length; row++) {
      double sum = 0;
      for (int token = 0; token < VOCABULARY; token++) {
        sum += Math.exp(logits[row * VOCABULARY + token]);
      }
      loss += Math.log(sum) - logits[row * VOCABULARY + (int) labels[row]];
      assertEquals(row % SEQUENCE, positions[row]);
      if (row % SEQUENCE > 0) {
        assertEquals(tokens[row], labels[row - 1]);
      }
    }
    assertEquals(loss(run), loss / labels.length, 1e-6);
    assertEquals(labels.length, run.summary().path("labels").asInt());
  }

  @Test
  void namesAndShapesAreThoseOfHuggingFace() throws IOException {
    Map<String, Array> gradients = read(gradients(1), "gradients");
    assertEquals(3 + 2 * 9, gradients.size(), gradients.keySet().toString());
    assertEquals(List.of(16, 32), gradients.get("model.layers.1.self_attn.k_proj.weight").shape());
    assertEquals(List.of(VOCABULARY, 32), gradients.get("lm_head.weight").shape());
    assertEquals(List.of(32), gradients.get("model.norm.weight").shape());
  }

  @Test
  void refusesLargeModels() {
    String input = program.file("small.toml").toString();
    Run run =
        new Run(
            program.inProcessAlone("gradients", input, "-D", "model.feedForward=300000"),
            Path.of("none"));
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertArrayEquals(
        new String[] {
          "ringattention: "
              + input
              + ": model.hidden = 32: makes 57622688 parameters, gradients takes at most 40000000"
        },
        run.errors().toArray());
  }
}
