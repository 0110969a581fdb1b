package ringattention.checkpoint;

import java.util.List;
import java.util.Map;
import ringattention.file.FileEntry;
import ringattention.input.UsedInputs;

/**
 * The run that a checkpoint comes from.
 *
 * @param program name and version
 * @param git of the program
 * @param usedInputs every value of the input, as TOML
 * @param contents what the run learns from and began with: by part (corpus, tokenizer, weights)
 *     values that name its contents
 * @param choices what the program chose where the input leaves it open, and what it ran on: all
 *     that decides about the last bits
 */
public record Origin(
    String program,
    String git,
    long seed,
    String usedInputs,
    Map<String, Map<String, String>> contents,
    Map<String, String> choices) {
  /** The file of a checkpoint with the inputs. */
  static final String INPUTS = "used_inputs.toml";

  private static final String RANDOM_STATE =
      "the seed and the position: every random number is a function of the seed, a name and an index";

  Manifest manifest(TrainingPosition position, int ranks, List<FileEntry> files) {
    Map<String, Object> model = UsedInputs.of(usedInputs).section("model");
    return new Manifest(
        Manifest.FORMAT,
        position,
        seed,
        RANDOM_STATE,
        program,
        git,
        ranks,
        model,
        contents,
        choices,
        files,
        Manifest.NO_CHECKSUM);
  }
}
