package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Loss and gradients of a batch, inside this process: they are those of the same sequences however
 * they are spread over ranks, and whatever attention they go through.
 */
class GradientsTest {
  private static final int SEQUENCES = 4;

  private Program program;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    String documents =
        IntStream.range(0, 60)
            .mapToObj(i -> "{\"text\": \"" + "the river is near ".repeat(1 + i % 7) + i + "\"}")
            .collect(Collectors.joining("\n"));
    program.write("documents.jsonl", documents);
  }

  private Run run(String command, int ranks, String name, String... options) {
    List<String> arguments =
        new ArrayList<>(List.of(command, program.file("small.toml").toString()));
    List<String> all =
        new ArrayList<>(
            List.of(
                "train.batch=" + SEQUENCES,
                "train.sequence=97",
                "model.initStd=0.3",
                "train.steps=3"));
    all.addAll(List.of(options));
    all.forEach(option -> arguments.addAll(List.of("-D", option)));
    arguments.addAll(List.of("-o", program.file(name).toString()));
    Run run =
        new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), program.file(name));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private String[] packed(String... more) {
    List<String> options =
        new ArrayList<>(
            List.of("data.path=" + program.file("documents.jsonl"), "data.format=jsonl"));
    options.addAll(List.of(more));
    return options.toArray(String[]::new);
  }

  /** The gradients of all parameters, one behind the other. */
  private static FloatBuffer gradients(Run run) throws IOException {
    return tensors(run, "gradients.safetensors", "model.embed_tokens.weight", false)
        .asFloatBuffer();
  }

  /** A tensor of a file, or all of them, one behind the other. */
  private static ByteBuffer tensors(Run run, String name, String tensor, boolean alone)
      throws IOException {
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(run.folder().resolve(name)))
            .order(ByteOrder.LITTLE_ENDIAN);
    byte[] json = new byte[Math.toIntExact(file.getLong())];
    file.get(json);
    JsonNode header = new ObjectMapper().readTree(new String(json, StandardCharsets.UTF_8));
    assertTrue(header.has(tensor), header.toString());
    ByteBuffer all = file.slice();
    if (alone) {
      JsonNode range = header.path(tensor).path("data_offsets");
      all.position(range.path(0).intValue()).limit(range.path(1).intValue());
    }
    return all.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Each rank has the positions of all tensor ranks, and writes those of its own tokens. */
  @ParameterizedTest
  @CsvSource({"2, 2, false", "4, 2, true", "4, 4, true"})
  void ranksThatShareProducts(int ranks, int tensor, boolean sideBySide) throws IOException {
    String[] keys = {"model.keyValueHeads=4", "model.heads=4", "model.queryKeyNorm=true"};
    Run alone = run("gradients", 1, "alone", packed(keys));
    List<String> shared = new ArrayList<>(List.of(keys));
    shared.add("parallel.tensor=" + tensor);
    shared.add("parallel.ring=" + (sideBySide ? tensor : ranks));
    Run parts = run("gradients", ranks, "parts", packed(shared.toArray(String[]::new)));
    assertSame(alone, parts);
    for (String each : List.of("tokens", "labels", "positions")) {
      ByteBuffer expected = tensors(alone, "logits.safetensors", each, true);
      assertTrue(expected.remaining() >= SEQUENCES * 97 * Integer.BYTES, each);
      assertEquals(expected, tensors(parts, "logits.safetensors", each, true), each);
    }
  }

  private static void assertSame(Run expected, Run found) throws IOException {
    double loss = expected.summary().path("final_loss").asDouble();
    assertEquals(loss, found.summary().path("final_loss").asDouble(), 1e-6 * loss);
    FloatBuffer truth = gradients(expected);
    FloatBuffer other = gradients(found);
    double apart = 0;
    double all = 0;
    for (int i = 0; i < truth.limit(); i++) {
      apart += Math.pow(truth.get(i) - other.get(i), 2);
      all += Math.pow(truth.get(i), 2);
    }
    assertEquals(truth.limit(), other.limit());
    assertTrue(apart <= 1e-10 * all, "gradients differ by " + Math.sqrt(apart / all));
  }

  /** One sequence on each of four ranks is how they were always right. */
  @Test
  void packedSequencesSideBySide() throws IOException {
    Run apart = run("gradients", SEQUENCES, "apart", packed("parallel.ring=1"));
    assertSame(apart, run("gradients", 1, "together", packed()));
    assertSame(apart, run("gradients", 2, "ring", packed()));
    assertSame(apart, run("gradients", 2, "halves", packed("parallel.ring=1")));
    assertSame(
        apart,
        run("gradients", 1, "vanilla", packed("attention.kind=vanilla", "data.firstPosition=5")));
  }

  /** Steps of all sequences at once are those of one after the other. */
  @Test
  void packedSequencesTrain() {
    List<String> single =
        run("train", 1, "single", packed("train.microBatch=1")).column("loss").stream().toList();
    for (int atATime : new int[] {0, 2}) {
      String name = "by-" + atATime;
      Run together = run("train", 1, name, packed("train.microBatch=" + atATime));
      for (int step = 0; step < single.size(); step++) {
        assertEquals(
            Double.parseDouble(single.get(step)),
            Double.parseDouble(together.column("loss").get(step)),
            1e-5);
      }
    }
  }

  /** The backward of a block may not take the scores of another. */
  @ParameterizedTest
  @ValueSource(strings = {"vanilla", "memory-efficient"})
  void otherAttentionHasTheSameGradients(String kind) throws IOException {
    Run ring = run("gradients", 1, "ring", "train.batch=1");
    assertSame(ring, run("gradients", 1, kind, "train.batch=1", "attention.kind=" + kind));
  }
}
