package ringattention.environment;

/** Who chooses actions while episodes are collected. */
public enum CollectorKind {
  UNIFORM("uniform", false),
  ORNSTEIN_UHLENBECK("ornstein-uhlenbeck", true),
  POLICIES("policies", true),
  NOVELTY("novelty", true),
  ANNEALED("annealed", false);

  private final String name;
  private final boolean moves;

  CollectorKind(String name, boolean moves) {
    this.name = name;
    this.moves = moves;
  }

  /** Returns whether it is for environments alone whose actions are numbers. */
  boolean moves() {
    return moves;
  }

  /** Returns how many episodes in a row depend on each other at most; 1: none does. */
  int together() {
    return this == NOVELTY ? NoveltySearch.EPISODES : 1;
  }

  /** Returns whether an episode depends on how many the history has. */
  public boolean dependsOnLength() {
    return this == ANNEALED;
  }

  /**
   * Returns one for a run of consecutive episodes.
   *
   * @param history seed of the history
   * @param episodes of the whole history
   */
  Collector open(long history, int episodes) {
    return switch (this) {
      case UNIFORM -> new UniformNoise(history);
      case ORNSTEIN_UHLENBECK -> new OrnsteinUhlenbeck(history);
      case POLICIES -> new TanhPolicies(history);
      case NOVELTY -> new NoveltySearch(history);
      case ANNEALED -> new AnnealedExpert(history, episodes);
    };
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
