package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.command.Sections;
import ringattention.input.InputException;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.State;

/** A model of trajectories is written with a config.json of its own, and no tokenizer. */
class TrajectoryExportTest {
  private static final ModelConfig MODEL =
      Sections.INPUTS
          .defaults(
              List.of(
                  "model.hidden=16",
                  "model.layers=2",
                  "model.heads=2",
                  "model.keyValueHeads=1",
                  "model.input=trajectories",
                  "model.stateSize=5",
                  "model.actionSize=2",
                  "model.episodeSteps=50"))
          .get(ModelConfig.SECTION);

  @TempDir Path temporary;

  private Path write(int ranks) {
    Path folder = temporary.resolve("model");
    Shards.onRanks(
        ranks,
        LlamaParameters.groups(MODEL),
        (world, parameters) -> {
          Shards.fill(parameters);
          return new HuggingFaceExport(MODEL, StoredType.F32, 640, TokenizerCopy.NONE)
              .write(
                  folder, world, parameters.groups(), sink -> parameters.save(State.WEIGHT, sink));
        });
    return folder;
  }

  @Test
  void sizesAndAllWeightsAreThere() throws IOException {
    Path folder = write(3);
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          Set.of("config.json", "model.safetensors", ExportRecord.NAME),
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
    }
    JsonNode config = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
    assertEquals("ringattention_trajectories", config.get("model_type").asText());
    Map.of(
            "state_size", 5,
            "action_size", 2,
            "episode_steps", 50,
            "features", 16,
            "hidden_size", 16,
            "num_hidden_layers", 2,
            "num_key_value_heads", 1,
            "max_position_embeddings", 640)
        .forEach((key, value) -> assertEquals(value, config.get(key).asInt(), key));
    List<ParameterGroup> groups = LlamaParameters.groups(MODEL);
    Shards.onRanks(
        2,
        groups,
        (world, parameters) -> {
          try (HuggingFaceFolder source = HuggingFaceFolder.open(folder, groups, false)) {
            parameters.load(State.WEIGHT, source);
          }
          Map<String, float[]> held = Shards.held(parameters);
          for (ParameterGroup group : groups) {
            for (ParameterGroup.Piece piece : group.pieces(world.rank(), 2)) {
              Parameter parameter = piece.parameter();
              for (long i = piece.index(); i < piece.index() + piece.length(); i++) {
                float value = held.get(parameter.name())[(int) i];
                assertEquals(Shards.value(parameter, i), value, parameter.name());
              }
            }
          }
          return held.size();
        });
    Set<String> names =
        groups.stream()
            .flatMap(group -> group.parameters().stream())
            .map(Parameter::name)
            .filter(name -> !name.startsWith("model.layers."))
            .collect(Collectors.toSet());
    assertEquals(
        Set.of(
            "embed_step.weight",
            "embed_values.weight",
            "model.norm.weight",
            "action_head.weight",
            "action_head.bias"),
        names);
  }

  /** No model of tokens is made of it. */
  @Test
  void asACheckpointItIsRefused() {
    String folder = write(1).toString();
    InputException refused =
        assertThrows(
            InputException.class,
            () -> Sections.INPUTS.defaults(List.of("model.checkpoint=\"" + folder + "\"")));
    assertTrue(refused.getMessage().contains("ringattention_trajectories"), refused.getMessage());
  }
}
