package ringattention.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.cli.CommandLine;
import ringattention.comm.CommunicationException;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.comm.LocalCommunicator;
import ringattention.data.HostTokens;
import ringattention.data.SampleShape;
import ringattention.data.Samples;
import ringattention.input.Configuration;
import ringattention.metrics.PhaseTimer;
import ringattention.run.GpuChoice;
import ringattention.run.Job;

/** One rank of a host tokenizes a corpus, the others open what it has made. */
class HostCorpusTest {
  private static final SampleShape SHAPE = new SampleShape(8, 400, 1);

  @TempDir Path folder;

  private static Job job(Communicator world) {
    PrintStream print = new PrintStream(PrintStream.nullOutputStream());
    return new Job(
        CommandLine.parse("help"),
        new Launch(true, world.rank(), world.size(), false),
        new GpuChoice(-1, "ranks are threads"),
        world,
        Map.of(),
        print,
        print,
        new PhaseTimer(System::nanoTime));
  }

  private Path file(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), "{\"text\": \"" + text + "\"}\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Configuration configuration(Path file) {
    return Sections.INPUTS.defaults(
        List.of(
            "data.path=" + file,
            "data.format=jsonl",
            "model.vocabulary=400",
            "model.hidden=8",
            "model.layers=1",
            "model.heads=1",
            "train.sequence=8",
            "train.steps=1"));
  }

  private static Samples open(Communicator world, Path file, Runnable opened) {
    return open(new HostCorpus(job(world), line -> {}), file, opened);
  }

  private static Samples open(HostCorpus corpus, Path file, Runnable opened) {
    Configuration configuration = configuration(file);
    return corpus.open(
        () -> HostTokens.key(configuration, false),
        host -> {
          Samples samples = Samples.of(configuration, SHAPE, host);
          opened.run();
          return samples;
        });
  }

  /** Rank 0 changes the file once it has read it: whoever read it too would have other tokens. */
  @Test
  void theFirstRankReadsForThoseWithTheSameFiles() {
    Path same = file("same", "some words of a text");
    Path other = file("other", "some words of another text");
    List<String> digests =
        LocalCommunicator.run(
            4,
            world -> {
              Path own = world.rank() == 2 ? other : same;
              Runnable change = () -> file("same", "changed");
              Runnable opened = world.rank() == 0 ? change : () -> {};
              try (Samples samples = open(world, own, opened)) {
                assertTrue(samples.sample(0).counted() > 0);
                return samples.digest();
              }
            });
    assertEquals(digests.get(0), digests.get(1));
    assertEquals(digests.get(0), digests.get(3));
    assertNotEquals(digests.get(0), digests.get(2));
  }

  /** What is kept out is a part of the same tokens: who read the file again would have others. */
  @Test
  void aCorpusIsTokenizedOnceForBothOfItsParts() {
    Path text = file("text", "some words of a text");
    List<String> digests =
        LocalCommunicator.run(
            3,
            world -> {
              HostCorpus corpus = new HostCorpus(job(world), line -> {});
              String key = "one"; // a file that changes has another
              Function<HostTokens, Samples> open =
                  host -> Samples.of(configuration(text), SHAPE, host);
              try (Samples first = corpus.open(() -> key, open)) {
                world.barrier();
                if (world.rank() == 0) {
                  file("text", "changed");
                }
                world.barrier();
                try (Samples again = corpus.open(() -> key, open);
                    Samples other = corpus.open(() -> "other", open)) {
                  assertNotEquals(first.digest(), other.digest());
                  assertEquals(first.digest(), again.digest());
                }
                return first.digest();
              }
            });
    assertEquals(digests.get(0), digests.get(1));
    assertEquals(digests.get(0), digests.get(2));
  }

  /** A fraction is of the same files, a path of its own is not. */
  @Test
  void partsOfACorpusHaveOneKey() {
    String path = file("text", "some words").toString();
    String other = file("other", "other words").toString();
    assertEquals(key(path, false, "fraction=0.5"), key(path, true, "fraction=0.5"));
    assertNotEquals(key(path, false, "path=" + other), key(path, true, "path=" + other));
  }

  private static String key(String path, boolean heldOut, String validation) {
    return HostTokens.key(
        Sections.INPUTS.defaults(
            List.of(
                "data.path=" + path,
                "data.format=jsonl",
                "train.sequence=8",
                "train.steps=1",
                "validation." + validation)),
        heldOut);
  }

  @Test
  void whatTheFirstRankIsToldIsToldToAll() throws IOException {
    Path bad = Files.writeString(folder.resolve("bad"), "{\"text\": 1}\n");
    CommunicationException error =
        assertThrows(
            CommunicationException.class,
            () -> LocalCommunicator.run(2, world -> open(world, bad, () -> {})));
    assertTrue(error.getCause().getMessage().contains("bad:1: must name a text"), error.toString());
  }

  /** A place that is not there, or is another's, is passed over. */
  @Test
  void whatCannotBeOpenedIsMadeAgain() throws IOException {
    Configuration configuration = configuration(file("text", "some words"));
    HostTokens host = HostTokens.own();
    try (Samples first = Samples.of(configuration, SHAPE, host)) {
      String place = host.place();
      assertTrue(place.matches("/proc/\\d+/fd/\\d+ [0-9a-f]{64}"), place);
      Files.writeString(folder.resolve("text"), "{\"text\": \"other words\"}\n");
      String wrong = place.substring(0, place.length() - 8) + "abcdefgh";
      for (String elsewhere : List.of("", "/proc/0/fd/0 " + first.digest(), wrong, "/ x")) {
        try (Samples own = Samples.of(configuration, SHAPE, HostTokens.at(elsewhere))) {
          assertNotEquals(first.digest(), own.digest(), elsewhere);
        }
      }
      try (Samples shared = Samples.of(configuration, SHAPE, HostTokens.at(place))) {
        assertEquals(first.digest(), shared.digest());
        assertEquals(first.tokens(), shared.tokens());
      }
    }
  }
}
