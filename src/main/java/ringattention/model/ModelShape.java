package ringattention.model;

import ringattention.device.HeadCounts;

/**
 * The paper's models (Liu et al. 2023, appendix C): vocabulary 32000, no grouped queries. {@link
 * #toString} is the spelling in TOML.
 */
public enum ModelShape {
  PAPER_1B("1B", 2048, 22, 16, 5504),
  PAPER_3B("3B", 3200, 26, 32, 8640),
  PAPER_7B("7B", 4096, 32, 32, 11008),
  PAPER_13B("13B", 5120, 40, 40, 13824),
  PAPER_30B("30B", 6656, 60, 52, 17920),
  PAPER_65B("65B", 8192, 80, 64, 22016);

  private final String spelling;
  private final int hidden;
  private final int layers;
  private final int heads;
  private final int feedForward;

  ModelShape(String spelling, int hidden, int layers, int heads, int feedForward) {
    this.spelling = spelling;
    this.hidden = hidden;
    this.layers = layers;
    this.heads = heads;
    this.feedForward = feedForward;
  }

  public int vocabulary() {
    return 32000;
  }

  public int hidden() {
    return hidden;
  }

  public int layers() {
    return layers;
  }

  public HeadCounts heads() {
    return new HeadCounts(heads, heads, hidden / heads);
  }

  public int feedForward() {
    return feedForward;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
