package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Every token of an evaluation is a label once; what is kept out is not learned. */
class HeldOutSamplesTest {
  @TempDir Path folder;

  /** Files whose bytes are all different over the corpus: a byte names its place. */
  private void files(int... lengths) throws IOException {
    int next = 0;
    for (int i = 0; i < lengths.length; i++) {
      byte[] bytes = new byte[lengths[i]];
      for (int j = 0; j < bytes.length; j++) {
        bytes[j] = (byte) (100 + next++);
      }
      Files.write(folder.resolve("file-" + i), bytes);
    }
  }

  private static List<Integer> labels(HeldOutSamples samples) {
    List<Integer> labels = new ArrayList<>();
    for (long i = 0; i < samples.sequences(); i++) {
      Arrays.stream(samples.sample(i).labels())
          .filter(label -> label != Sample.NO_LABEL)
          .forEach(labels::add);
    }
    return labels;
  }

  /** The newline is what joins files, or ends documents. */
  @ParameterizedTest
  @CsvSource({"false, 1", "true, 1", "true, 4"})
  void everyTokenIsALabelOnce(boolean documents, int multiple) throws IOException {
    files(5, 33, 1, 16, 40);
    try (HeldOutSamples samples =
        Given.heldOut(
            Given.configuration(
                folder, "data.documents=" + documents, "data.documentMultiple=" + multiple))) {
      List<Integer> labels = labels(samples);
      assertEquals(samples.labels(), labels.size());
      List<Integer> expected = new ArrayList<>();
      int next = 100;
      int file = 0;
      for (int length : new int[] {5, 33, 1, 16, 40}) {
        for (int i = 0; i < length; i++, next++) {
          if (documents ? i > 0 : next > 100) {
            expected.add(next);
          }
        }
        if (documents || ++file < 5) {
          expected.add((int) '\n');
        }
      }
      assertEquals(expected, labels);
      int[] behind = samples.sample(samples.sequences()).labels();
      assertArrayEquals(new int[0], Arrays.stream(behind).filter(label -> label >= 0).toArray());
    }
  }

  /** A document goes on in the next sequence with positions of its own; padding is apart. */
  @Test
  void documentsAreCutAsInTraining() throws IOException {
    files(20, 9);
    try (HeldOutSamples samples =
        Given.heldOut(Given.configuration(folder, "data.documents=true", "data.firstPosition=7"))) {
      assertEquals(2, samples.sequences());
      Sample last = samples.sample(1);
      assertArrayEquals(new int[] {0, 5, 15}, last.documents());
      assertArrayEquals(
          new int[] {7, 8, 9, 10, 11, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 7}, last.positions());
      assertEquals(116, last.tokens()[0]);
      assertEquals(Sample.NO_LABEL, last.labels()[4]);
      assertEquals(Sample.NO_LABEL, last.labels()[14]);
    }
  }

  /** No byte is in both parts, and none is missing. */
  @ParameterizedTest
  @CsvSource({"false, 1", "true, 1", "true, 2"})
  void theTwoPartsAreApart(boolean documents, long seed) throws IOException {
    files(9, 18, 20, 17, 19, 12, 21, 18);
    String[] keys = {
      "validation.fraction=0.4",
      "data.documents=" + documents,
      "train.seed=" + seed,
      "train.sequence=3"
    };
    Set<Integer> out = new HashSet<>();
    Set<Integer> learned = new HashSet<>();
    try (HeldOutSamples heldOut = Given.heldOut(Given.configuration(folder, keys));
        Samples training = Given.samples(Given.configuration(folder, keys))) {
      assertEquals(8, heldOut.documents() + training.documents());
      for (long i = 0; i < heldOut.sequences(); i++) {
        Arrays.stream(heldOut.sample(i).tokens()).filter(t -> t >= 100).forEach(out::add);
      }
      for (long i = 0; i < 2000; i++) {
        Arrays.stream(training.sample(i).tokens()).filter(t -> t >= 100).forEach(learned::add);
      }
    }
    Set<Integer> both = new HashSet<>(out);
    both.retainAll(learned);
    assertEquals(Set.of(), both);
    out.addAll(learned);
    assertEquals(
        true, out.size() >= 134 - 8, out.size() + " of 134"); // a part's last is a label only
  }

  /** A last sequence that is filled to its end has nothing behind it. */
  @Test
  void sequencesEndWithTheCorpus() throws IOException {
    files(17);
    try (HeldOutSamples whole =
        Given.heldOut(Given.configuration(folder, "data.firstPosition=7"))) {
      assertEquals(1, whole.sequences());
      assertEquals(16, whole.labels());
      assertEquals(17, whole.tokens());
      assertArrayEquals(new int[] {0}, whole.sample(0).documents());
      assertEquals(7 + 15, whole.sample(0).positions()[15]);
      assertTrue(whole.digest().matches("[0-9a-f]{64}"), whole.digest());
    }
    files(15); // and a newline
    try (HeldOutSamples full = Given.heldOut(Given.configuration(folder, "data.documents=true"))) {
      assertEquals(1, full.sequences());
      assertArrayEquals(new int[] {0}, full.sample(0).documents());
    }
    files(2);
    try (HeldOutSamples two = Given.heldOut(Given.configuration(folder))) {
      assertEquals(1, two.labels());
    }
    files(1);
    Configuration one = Given.configuration(folder);
    InputException error = assertThrows(InputException.class, () -> Given.heldOut(one));
    assertTrue(error.getMessage().endsWith("has no token to predict"), error.getMessage());
  }

  /** Padding has positions of its own, as a document that nobody learns. */
  @Test
  void paddingIsADocument() throws IOException {
    files(10);
    try (HeldOutSamples samples =
        Given.heldOut(Given.configuration(folder, "data.documents=true", "data.firstPosition=7"))) {
      Sample sample = samples.sample(0);
      assertArrayEquals(new int[] {0, 11}, sample.documents());
      assertArrayEquals(
          new int[] {7, 8, 9, 10, 11}, Arrays.copyOfRange(sample.positions(), 11, 16));
    }
  }

  /** Labels are counted without being cut into sequences: a line of the header says how many. */
  @Test
  void labelsAreThoseToBeLearned() throws IOException {
    String asked =
        "{\"conversations\": [{\"from\": \"human\", \"value\": \"Q\"},"
            + " {\"from\": \"gpt\", \"value\": \"an answer\"}]}\n";
    Files.writeString(folder.resolve("asked"), asked.repeat(3));
    for (boolean documents : new boolean[] {true, false}) {
      try (HeldOutSamples samples =
          Given.heldOut(
              Given.configuration(
                  folder, "data.format=conversations", "data.documents=" + documents))) {
        assertEquals(3 * " an answer\n".length(), samples.labels());
        assertEquals(samples.labels(), labels(samples).size());
      }
    }
  }

  /** Bits per byte need them; a tokenizer's are those of its own file. */
  @Test
  void bytesOfTheTokenizersTokens(@TempDir Path tokenizers) throws IOException {
    files(40);
    try (HeldOutSamples bytes = Given.heldOut(Given.configuration(folder))) {
      int[] ones = bytes.tokenBytes().orElseThrow();
      assertEquals(256, ones.length);
      assertTrue(Arrays.stream(ones).allMatch(one -> one == 1));
    }
    Files.writeString(folder.resolve("file-0"), "yes no ".repeat(9));
    String json = Files.readString(Given.PAIRS.resolve("tokenizer.json"));
    String decoder = "\"decoder\": {\"type\": \"Metaspace\", \"replacement\": \"\u2581\"}";
    Path tokenizer =
        Files.writeString(
            tokenizers.resolve("tokenizer.json"), json.replace("\"decoder\": null", decoder));
    try (HeldOutSamples pairs =
        Given.heldOut(Given.configuration(folder, "data.tokenizer=" + tokenizer))) {
      int[] own = pairs.tokenBytes().orElseThrow();
      assertEquals(4, own[363]); // " yes"
      assertEquals(0, own[2]); // </s>
    }
  }

  @Test
  void bytesOfTokens() throws IOException {
    Map<String, Integer> ids = Map.of("\u0120the", 0, "\u00c3\u00a9", 1, "<s>", 2);
    String added = "\"added_tokens\": [{\"id\": 2, \"content\": \"<s>\"}], ";
    JsonNode byteLevel =
        new ObjectMapper().readTree("{" + added + "\"decoder\": {\"type\": \"ByteLevel\"}}");
    assertArrayEquals(new int[] {4, 2, 0}, TokenBytes.of(byteLevel, ids).orElseThrow());
    Map<String, Integer> pieces = Map.of("\u2581the", 0, "\u00e9", 1, "<s>", 2, "<0x0A>", 3);
    JsonNode sentencePiece =
        new ObjectMapper()
            .readTree(
                "{"
                    + added
                    + "\"decoder\": {\"type\": \"Metaspace\", \"replacement\": \"\u2581\"}}");
    assertArrayEquals(new int[] {4, 2, 0, 1}, TokenBytes.of(sentencePiece, pieces).orElseThrow());
    JsonNode other = new ObjectMapper().readTree("{\"decoder\": {\"type\": \"WordPiece\"}}");
    assertEquals(Optional.empty(), TokenBytes.of(other, pieces).map(Arrays::toString));
  }
}
