package ringattention.bench;

import java.util.List;
import java.util.Locale;

/**
 * A row of table 3 of the paper (Liu, Zaharia, Abbeel 2023, arXiv 2310.01889): the longest context
 * trained end to end with sharded parameters, in thousands of tokens. Runs on GPUs were in fp32.
 *
 * @param hardware and how many of it
 * @param vanilla attention and feed-forward; the other architectures follow
 */
public record PaperContext(
    String hardware, String model, int vanilla, int memoryEfficient, int blockwise, int ring) {
  /** All rows, in the paper's order. */
  public static final List<PaperContext> ROWS =
      List.of(
          new PaperContext("8x A100 NVLink", "3B", 4, 32, 64, 512),
          new PaperContext("8x A100 NVLink", "7B", 2, 16, 32, 256),
          new PaperContext("8x A100 NVLink", "13B", 2, 4, 16, 128),
          new PaperContext("32x A100 InfiniBand", "7B", 4, 64, 128, 4096),
          new PaperContext("32x A100 InfiniBand", "13B", 4, 32, 64, 2048),
          new PaperContext("TPUv3-512", "7B", 1, 4, 8, 2048),
          new PaperContext("TPUv3-512", "13B", 1, 2, 8, 1024),
          new PaperContext("TPUv4-1024", "3B", 8, 16, 32, 16384),
          new PaperContext("TPUv4-1024", "7B", 4, 8, 16, 8192),
          new PaperContext("TPUv4-1024", "13B", 4, 8, 16, 4096),
          new PaperContext("TPUv4-1024", "30B", 2, 4, 8, 2048),
          new PaperContext("TPUv5e-256", "3B", 4, 8, 32, 4096),
          new PaperContext("TPUv5e-256", "7B", 2, 8, 16, 2048));

  /** The rows of a model; none if the paper does not have it. */
  public static List<PaperContext> of(String model) {
    return ROWS.stream().filter(row -> row.model.equals(model)).toList();
  }

  /** For example {@code 7B on 8x A100 NVLink: 2K, 16K, 32K, ring 256K (8x)}. */
  public String line() {
    return String.format(
        Locale.ROOT,
        "%s on %s: vanilla %dK, memory-efficient %dK, blockwise %dK, ring %dK (%dx)",
        model,
        hardware,
        vanilla,
        memoryEfficient,
        blockwise,
        ring,
        ring / blockwise);
  }
}
