package ringattention.model;

import java.util.Locale;

/** What the positions of a model's sequences are. {@link #toString} is the spelling in TOML. */
public enum InputKind {
  TOKENS,
  /** Returns, states, actions and rewards: {@link TrajectoryModel}. */
  TRAJECTORIES;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
