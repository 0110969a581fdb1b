package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** However many threads encode, tokens, their order and errors are the same. */
class ParallelTokenizingTest {
  private static final int DOCUMENTS = 200;

  @TempDir Path folder;

  private Path tokenizer() throws IOException {
    return Shape.all().stream()
        .filter(shape -> shape.name().equals("Llama 3"))
        .findFirst()
        .orElseThrow()
        .write(folder);
  }

  private static TokenFile open(int threads, List<Path> files, String... keys) {
    Configuration configuration = Given.configuration(files.get(0), keys);
    try (Tokenizer tokenizer = Given.tokenizer(configuration)) {
      return new TokenizedCorpus(configuration, tokenizer, threads).open(files);
    }
  }

  /** Words of which every 50th text has many, so that those behind it are ready long before. */
  private static String text(int document) {
    Random random = new Random(document);
    StringBuilder text = new StringBuilder();
    for (int i = document % 50 == 7 ? 8_000 : 1 + random.nextInt(20); i > 0; i--) {
      text.append(random.nextInt(100)).append(random.nextBoolean() ? " b c\n" : " ab a ");
    }
    return text.toString();
  }

  private static ObjectNode message(ObjectMapper mapper, String role, String content) {
    return mapper.createObjectNode().put("role", role).put("content", content);
  }

  private Path file(String format, int from, int to) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    StringBuilder lines = new StringBuilder();
    for (int i = from; i < to; i++) {
      ObjectNode line = mapper.createObjectNode();
      if (format.equals("conversations")) {
        line.putArray("messages")
            .add(message(mapper, "user", text(i)))
            .add(message(mapper, "assistant", text(i + 1)));
      }
      lines.append(format.equals("text") ? text(i) : line.put("text", text(i)) + "\n");
    }
    return Files.writeString(folder.resolve(format + from), lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "conversations", "text"})
  void threadsDoNotChangeTokens(String format) throws IOException {
    List<Path> files =
        List.of(file(format, 0, 100), file(format, 100, 101), file(format, 101, DOCUMENTS));
    String[] keys = {"data.format=" + format, "data.tokenizer=" + tokenizer()};
    try (TokenFile one = open(1, files, keys)) {
      assertEquals(format.equals("text") ? 3 : DOCUMENTS, one.documents());
      for (int threads : new int[] {2, 4}) {
        try (TokenFile more = open(threads, files, keys)) {
          assertArrayEquals(one.lengths(), more.lengths(), threads + " threads");
          assertEquals(one.digest(), more.digest(), threads + " threads");
          assertArrayEquals(one.counts().json(), more.counts().json());
        }
      }
    }
  }

  /** The first of two errors is the one that is told, though it is behind a long document. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void theFirstErrorIsTold(int threads) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file("jsonl", 0, DOCUMENTS)));
    lines.set(57, "{\"text\": 8}"); // line 58, right behind a long one
    lines.set(58, "{\"text\": ");
    Path bad = Files.write(folder.resolve("bad"), lines);
    Path missing = folder.resolve("missing"); // reading it fails while lines are encoded
    InputException error =
        assertThrows(
            InputException.class,
            () ->
                open(
                    threads,
                    List.of(bad, missing),
                    "data.format=jsonl",
                    "data.tokenizer=" + tokenizer()));
    assertTrue(
        error.getMessage().endsWith("bad:58: must name a text, it is NUMBER"), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void whatIsSkippedIsCountedInOrder(int threads) throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(file("jsonl", 0, DOCUMENTS)));
    lines.set(58, "{\"text\": ");
    lines.set(60, "{\"text\": 8}");
    lines.set(150, "no JSON");
    Path bad = Files.write(folder.resolve("bad"), lines);
    try (TokenFile file =
        open(
            threads,
            List.of(bad),
            "data.format=jsonl",
            "data.skipBad=true",
            "data.tokenizer=" + tokenizer())) {
      assertEquals(DOCUMENTS - 3, file.documents());
      assertEquals(3, file.counts().skippedRecords());
      assertTrue(file.counts().skippedLines().get(1).endsWith("bad:59)"));
    }
  }

  @Test
  @Timeout(60)
  void stepsAreInOrderAndNoneIsDoneBehindAFailure() throws Exception {
    List<Integer> done = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch second = new CountDownLatch(1);
    try (OrderedWork work = new OrderedWork(2)) {
      work.add(
          1,
          () -> {
            await(second);
            return () -> done.add(1);
          });
      work.add(
          1,
          () -> {
            second.countDown(); // ready before the first
            return () -> done.add(2);
          });
      work.then(() -> done.add(3));
      work.finish();
      assertEquals(List.of(1, 2, 3), done);
      work.add(
          1,
          () -> {
            throw new IllegalStateException("first");
          });
      work.then(() -> done.add(4));
      IllegalStateException error = assertThrows(IllegalStateException.class, work::finish);
      assertEquals("first", error.getMessage());
      work.finish();
      assertEquals(List.of(1, 2, 3), done);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS), "one thread did all");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What waits is limited: the reader does steps itself before it takes more. */
  @Test
  @Timeout(60)
  void whatWaitsIsLimited() throws IOException {
    int most = 8;
    List<Integer> done = new ArrayList<>();
    try (OrderedWork work = new OrderedWork(2)) {
      for (int i = 0; i < 40; i++) {
        int number = i;
        work.add(1 << 18, () -> () -> done.add(number));
        assertTrue(i + 1 - done.size() <= most, i + " taken, " + done.size() + " done");
      }
      work.add(1 << 30, () -> () -> done.add(40)); // larger than all that may wait: alone
      assertEquals(40, done.size());
      work.finish();
      assertEquals(41, done.size());
    }
  }
}
