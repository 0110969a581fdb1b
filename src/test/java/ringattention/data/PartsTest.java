package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Parts of a corpus: what is kept out of training is a part of it, chosen by the seed. */
class PartsTest {
  @TempDir Path folder;

  private Configuration configuration(String... keys) {
    return Given.configuration(folder, keys);
  }

  private static String refused(Configuration configuration, int documents) {
    Split split = new Split(configuration, 1, true);
    return assertThrows(InputException.class, () -> split.of(documents)).getMessage();
  }

  @Test
  void thePartThatIsKeptOutIsTheFraction() {
    Configuration tenth = configuration("validation.fraction=0.1");
    int[] out = new Split(tenth, 1, true).of(1000);
    int[] learned = new Split(tenth, 1, false).of(1000);
    assertTrue(out.length > 60 && out.length < 140, out.length + " of 1000");
    int[] both = IntStream.concat(Arrays.stream(out), Arrays.stream(learned)).sorted().toArray();
    assertArrayEquals(IntStream.range(0, 1000).toArray(), both);
    assertNotEquals(
        Arrays.toString(out), Arrays.toString(new Split(tenth, 2, true).of(1000)), "by the seed");
  }

  @Test
  void bothPartsHaveDocuments() {
    String tiny = "-D validation.fraction = 1e-9: keeps none of %s out of training, must keep some";
    Configuration none = configuration("validation.fraction=1e-9");
    assertEquals(tiny.formatted("3 documents"), refused(none, 3));
    assertEquals(tiny.formatted("1 document"), refused(none, 1));
    String large = "-D validation.fraction = 0.999999: keeps all of 3 documents out of training";
    String message = refused(configuration("validation.fraction=0.999999"), 3);
    assertTrue(message.startsWith(large), message);
  }

  @ParameterizedTest
  @CsvSource({"0, '', false", "0.5, '', true", "0, other, true"})
  void validationIsOnWhereSomethingIsKeptOut(double fraction, String path, boolean on) {
    ValidationConfig config =
        new ValidationConfig(
            Optional.of(path).filter(text -> !text.isEmpty()).map(Path::of), fraction, 0, 0);
    assertEquals(on, config.isOn());
    assertEquals(
        fraction > 0,
        new Split(configuration("validation.fraction=" + fraction), 1, true).divides());
  }

  /** One corpus is kept out, not two; and without one nothing can be measured between. */
  @Test
  void keysOfValidationGoTogether() {
    InputException both =
        assertThrows(
            InputException.class,
            () -> configuration("validation.path=other", "validation.fraction=0.1"));
    assertEquals(
        "-D validation.fraction = 0.1: must be 0 where validation.path names a corpus of its own",
        both.getMessage());
    InputException none =
        assertThrows(InputException.class, () -> configuration("validation.every=5"));
    assertTrue(none.getMessage().contains("validation.every = 5: must be 0 without validation."));
    for (String kept : List.of("path=other", "fraction=0.1")) {
      Configuration given = configuration("validation." + kept, "validation.every=5");
      assertEquals(5, given.get(ValidationConfig.SECTION).every());
    }
  }

  /** Its own errors name its own key, and all else of section data stays. */
  @Test
  void aCorpusOfItsOwnIsReadAsTheOther() throws IOException {
    Path other = Files.writeString(folder.resolve("other.txt"), "another text of some length");
    Files.writeString(folder.resolve("text.md"), "the text that is learned, a little longer");
    String[] keys = {
      "validation.path=" + other, "data.extensions=[\"md\"]", "data.firstPosition=3"
    };
    Configuration both = configuration(keys);
    try (HeldOutSamples out = Given.heldOut(both);
        Samples learned = Given.samples(both)) {
      assertEquals(Files.size(other), out.tokens());
      assertEquals(Files.size(folder.resolve("text.md")), learned.tokens());
      assertEquals(3, out.sample(0).positions()[0]);
      assertNotEquals(out.digest(), learned.digest());
    }
    Files.delete(other);
    InputException error = assertThrows(InputException.class, () -> Given.heldOut(both));
    assertTrue(error.getMessage().contains("validation.path = "), error.getMessage());
  }

  @Test
  void extensionsAreWithoutTheDot() {
    InputException error =
        assertThrows(InputException.class, () -> configuration("data.extensions=[\"md\", \".c\"]"));
    assertTrue(error.getMessage().endsWith("must be without the leading dot"), error.getMessage());
  }

  /** Token 100 d + i is token i of document d; some documents are chosen. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 20})
  void chosenDocumentsAreAStreamOfTheirOwn(int count) {
    int[] lengths = {3, 1, 5, 2, 8, 1};
    TokenDocuments all = new Numbered(lengths);
    SelectedDocuments some = new SelectedDocuments(all, 1, 2, 4, 5);
    int[] expected =
        IntStream.of(1, 2, 4, 5)
            .flatMap(d -> IntStream.range(0, lengths[d]).map(i -> 100 * d + i))
            .toArray();
    assertEquals(15, some.tokens());
    assertEquals(4, some.documents());
    assertArrayEquals(new int[] {1, 5, 8, 1}, some.lengths());
    for (int start = 0; start + count <= expected.length; start++) {
      assertArrayEquals(
          Arrays.copyOfRange(expected, start, start + count), some.entries(start, count));
    }
    assertEquals(0, some.entries(15, 0).length);
  }

  @Test
  void aPartHasItsOwnName() {
    TokenDocuments all = new Numbered(3, 1, 5);
    String first = new SelectedDocuments(all, 0, 1).digest();
    assertTrue(first.matches("[0-9a-f]{64}"), first);
    assertNotEquals(first, new SelectedDocuments(all, 0, 2).digest());
    assertNotEquals(first, new SelectedDocuments(new Numbered(3, 1, 6), 0, 1).digest());
    assertTrue(new SelectedDocuments(all, 0).allPredicted());
  }

  /** Documents whose tokens say where they come from. */
  private record Numbered(int... lengths) implements TokenDocuments {
    @Override
    public long tokens() {
      return Arrays.stream(lengths).sum();
    }

    @Override
    public long documents() {
      return lengths.length;
    }

    @Override
    public boolean allPredicted() {
      return true;
    }

    @Override
    public String digest() {
      return Arrays.toString(lengths);
    }

    @Override
    public int[] entries(long start, int count) {
      return IntStream.range(0, lengths.length)
          .flatMap(d -> IntStream.range(0, lengths[d]).map(i -> 100 * d + i))
          .skip(start)
          .limit(count)
          .toArray();
    }

    @Override
    public void close() {}
  }
}
