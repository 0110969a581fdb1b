package ringattention.data.trajectories;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the name of an episode's file tells, whose last two numbers these are: {@code
 * episode_000012_1000.npz}, or {@code 20220103T141500_12_1000.npz}.
 *
 * @param index place in the order of collection
 * @param steps of the episode
 */
record EpisodeName(long index, int steps) {
  static final String FORMS = "episode_INDEX_STEPS.npz or TIME_INDEX_STEPS.npz";
  private static final Pattern NAME =
      Pattern.compile("(?:episode|\\d{8}T\\d{6})_(\\d{1,15})_(\\d{1,9})\\.npz");

  /** Returns what the name of a file tells; empty if it has neither form. */
  static Optional<EpisodeName> of(Path file) {
    Matcher name = NAME.matcher(file.getFileName().toString());
    return name.matches()
        ? Optional.of(
            new EpisodeName(Long.parseLong(name.group(1)), Integer.parseInt(name.group(2))))
        : Optional.empty();
  }
}
