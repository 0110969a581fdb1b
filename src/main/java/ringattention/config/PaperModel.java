package ringattention.config;

import java.util.Arrays;
import java.util.Optional;

/** The models of the paper, read from its authors' code: no grouped queries, vocabulary 32000, untied. */
enum PaperModel {
  P1B(2048, 22, 16, 5504),
  P3B(3200, 26, 32, 8640),
  P7B(4096, 32, 32, 11008),
  P13B(5120, 40, 40, 13824),
  P30B(6656, 60, 52, 17920),
  P65B(8192, 80, 64, 22016);

  final int hidden;
  final int layers;
  final int heads;
  final int feedForward;

  /** The model of that name, such as {@code 7B}. */
  static Optional<PaperModel> of(String name) {
    return Arrays.stream(values()).filter(model -> model.name().equals("P" + name)).findFirst();
  }

  PaperModel(int hidden, int layers, int heads, int feedForward) {
    this.hidden = hidden;
    this.layers = layers;
    this.heads = heads;
    this.feedForward = feedForward;
  }
}
