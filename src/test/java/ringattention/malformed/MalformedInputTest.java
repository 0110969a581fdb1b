package ringattention.malformed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.Attempt;

/**
 * Hundreds of inputs with something wrong, another few hundred in every run. Each must end soon,
 * with one line that names what is wrong and exit code 2, having written and allocated nothing; or,
 * if the damage left it good, with exit code 0.
 *
 * <p>The seed is printed. {@code -Dmalformed.seed=N} repeats it; {@code -Dmalformed.cases=N} makes
 * that many of each kind.
 */
class MalformedInputTest {
  private static final Duration LIMIT = Duration.ofSeconds(10); // on machines that are not quiet
  private static final int CASES = Integer.getInteger("malformed.cases", 60);
  private static final long SEED = Long.getLong("malformed.seed", System.nanoTime());
  private static final long MOST_BYTES = 256L << 20; // a claimed size is a hundred times that
  private static final int LONGEST_LINE = 1000;

  @TempDir Path folder;

  /** What is spoilt. */
  enum Kind {
    TOML((folder, damage) -> new InputSpecimens(folder, damage).toml()),
    NOT_TOML((folder, damage) -> new InputSpecimens(folder, damage).notToml()),
    OVERRIDE((folder, damage) -> new InputSpecimens(folder, damage).override()),
    TENSORS((folder, damage) -> new FileSpecimens(folder, damage).tensors()),
    CONFIG((folder, damage) -> new FileSpecimens(folder, damage).config()),
    TOKENIZER((folder, damage) -> new FileSpecimens(folder, damage).tokenizer()),
    TEXT((folder, damage) -> new FileSpecimens(folder, damage).text()),
    COMMAND_LINE((folder, damage) -> new InputSpecimens(folder, damage).commandLine()),
    SOURCES((folder, damage) -> new InputSpecimens(folder, damage).sources()),
    READY((folder, damage) -> new FileSpecimens(folder, damage).ready());

    private final BiFunction<Path, Damage, Malformed> spoil;

    Kind(BiFunction<Path, Damage, Malformed> spoil) {
      this.spoil = spoil;
    }
  }

  /** Or the tests below would prove nothing. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void unharmedInputIsTaken(int which) {
    Malformed good = new Specimens(folder, new Damage(new Random(1))).unharmed(which);
    Attempt attempt = Attempt.run(LIMIT, good.arguments());
    assertEquals(0, attempt.exitCode(), attempt.errors().toString());
  }

  @Test
  void deadlineIsHeld() {
    List<String> arguments =
        new Specimens(folder, new Damage(new Random(1))).unharmed(0).arguments();
    AssertionError late =
        assertThrows(AssertionError.class, () -> Attempt.run(Duration.ofMillis(1), arguments));
    assertTrue(late.getMessage().contains("no end after"), late.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void isRefusedInOneLine(Kind kind) throws IOException {
    System.out.println("seed of malformed inputs: -Dmalformed.seed=" + SEED);
    List<String> wrong = new ArrayList<>();
    int refused = 0;
    for (int number = 0; number < CASES; number++) {
      Damage damage = new Damage(random(kind, number));
      Path own = folder.resolve(kind + "-" + number);
      Malformed input = kind.spoil.apply(own, damage);
      Map<String, String> before = files();
      Optional<String> problem;
      try {
        Attempt attempt = Attempt.run(LIMIT, input.arguments());
        refused += attempt.exitCode() == 2 ? 1 : 0;
        problem = problem(input, attempt);
      } catch (AssertionError hangs) {
        problem = Optional.of(hangs + " " + List.of(hangs.getStackTrace()));
      }
      if (problem.isEmpty() && !before.equals(files())) {
        problem = Optional.of("files before " + before + ", after " + files());
      }
      if (problem.isEmpty() && !open(own).isEmpty()) {
        problem = Optional.of("still open: " + open(own));
      }
      if (problem.isEmpty()) {
        delete(own); // or each search for new files would take longer than the one before
      }
      problem.ifPresent(text -> wrong.add(input.what() + " " + input.arguments() + ": " + text));
    }
    assertTrue(
        wrong.isEmpty(),
        () ->
            wrong.size()
                + " with -Dmalformed.seed="
                + SEED
                + "\n"
                + String.join("\n", wrong.subList(0, Math.min(20, wrong.size()))));
    assertTrue(refused >= CASES / 3, "only " + refused + " of " + CASES + " were malformed");
  }

  /** Scattered: Random gives seeds that are near each other the same first number. */
  private static Random random(Kind kind, int number) {
    long place = kind.ordinal() * 1_000_003L + number;
    return new Random(new SplittableRandom(SEED + place).nextLong());
  }

  private static Optional<String> problem(Malformed input, Attempt attempt) {
    if (attempt.allocatedBytes() > MOST_BYTES) {
      return Optional.of("allocated " + attempt.allocatedBytes() + " bytes");
    }
    if (attempt.exitCode() == 0) {
      boolean taken = !input.surely() && attempt.errors().isEmpty() || helped(attempt);
      return taken ? Optional.empty() : Optional.of("was taken");
    }
    if (attempt.exitCode() != 2 || attempt.errors().size() != 1) {
      return Optional.of("exit code " + attempt.exitCode() + ", " + attempt.errors());
    }
    String line = attempt.errors().get(0);
    boolean plain =
        line.startsWith("ringattention: ")
            && line.contains(input.names())
            && line.length() <= LONGEST_LINE
            && line.chars().noneMatch(Character::isISOControl)
            && !line.matches(".*(Exception|Error|\\tat |null$).*");
    return plain ? Optional.empty() : Optional.of(line);
  }

  private static boolean helped(Attempt attempt) {
    return !attempt.output().isEmpty() && attempt.output().get(0).startsWith("usage: ");
  }

  /** Every file there is, with its size and time. */
  private Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (Path root : List.of(folder, Path.of("outputs"))) {
      try (Stream<Path> tree = Files.walk(root)) {
        for (Path path : tree.filter(Files::isRegularFile).toList()) {
          files.put(path.toString(), Files.size(path) + " " + Files.getLastModifiedTime(path));
        }
      }
    }
    return files;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Files below a folder that this process holds open. */
  private static List<Path> open(Path folder) throws IOException {
    List<Path> open = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path one : all.toList()) {
        try {
          open.add(Files.readSymbolicLink(one));
        } catch (NoSuchFileException closed) { // meanwhile, as the listing itself is
        }
      }
    }
    return open.stream().filter(file -> file.startsWith(folder)).toList();
  }
}
