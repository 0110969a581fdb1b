package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** Corpora whose tokens are there already. */
class ReadyCorpusTest {
  private static final String TOKENS = "data.format=tokens";
  private static final String MEGATRON = "data.format=megatron";
  private static final String LARGE = "model.vocabulary=200000";

  @TempDir Path folder;

  private static TokenStream open(Path path, String... more) {
    return open(HostTokens.own(), path, more);
  }

  private static TokenStream open(HostTokens host, Path path, String... more) {
    Configuration configuration = Given.configuration(path, more);
    return ReadyCorpus.open(
        configuration,
        new CorpusFiles(configuration).all(),
        Given.shape(configuration).vocabulary(),
        host);
  }

  private static int[] lengths(TokenStream stream) {
    return ((TokenDocuments) stream).lengths();
  }

  private static int[] all(TokenStream stream) {
    return stream.entries(0, (int) stream.tokens());
  }

  private static String error(Path path, String... more) {
    String message =
        assertThrows(InputException.class, () -> open(path, more).close()).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  private Path pair(int code, int width, int[] lengths, long[] documents, long... tokens)
      throws IOException {
    Files.write(folder.resolve("a.idx"), TokenFiles.index(code, width, lengths, documents));
    return TokenFiles.flat(folder.resolve("a.bin"), width, tokens);
  }

  @ParameterizedTest
  @CsvSource({"2, uint16, 65536", "4, uint32, 200000"})
  void flatFilesHoldEveryTokenOfTheirWidth(int width, String type, int vocabulary)
      throws IOException {
    long[] tokens = {0, 1, 255, 256, 32767, 32768, 40000, 65535};
    if (width == 4) {
      tokens = LongStream.concat(Arrays.stream(tokens), LongStream.of(65536, 119546)).toArray();
    }
    Path file = TokenFiles.flat(folder.resolve("a.bin"), width, tokens);
    for (String how : List.of("auto", type)) {
      try (TokenStream stream =
          open(file, TOKENS, "data.idType=" + how, "model.vocabulary=" + vocabulary)) {
        assertArrayEquals(
            Arrays.stream(tokens).mapToInt(token -> (int) token).toArray(), all(stream));
        assertTrue(stream.allPredicted());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"65535, 4", "65536, 4", "65537, 2"})
  void theVocabularyDecidesAboutTheWidthOfFilesWithoutAHead(int vocabulary, int count)
      throws IOException {
    Path file = TokenFiles.flat(folder.resolve("a.bin"), 2, 7, 0, 8, 0);
    try (TokenStream stream = open(file, TOKENS, "model.vocabulary=" + vocabulary)) {
      assertEquals(count, stream.tokens());
    }
  }

  @Test
  void theOtherWidthIsNotTakenForTokens() throws IOException {
    long[] tokens = LongStream.range(1, 101).toArray();
    Path file = TokenFiles.flat(folder.resolve("a.bin"), 4, tokens);
    String wide = error(file, TOKENS);
    assertTrue(wide.contains("data.idType") && wide.contains("every other uint16 is 0"), wide);
    TokenFiles.flat(file, 2, tokens);
    String narrow = error(file, TOKENS, LARGE);
    assertTrue(narrow.contains("token 262147 at place 1 (counted from 0, uint32)"), narrow);
  }

  @Test
  void llmcsHeadsSayWhatFollows() throws IOException {
    Path file = folder.resolve("a.bin");
    TokenFiles.headed(file, 20240520, 1, 3, TokenFiles.bytes(2, 5, 6, 50256));
    try (TokenStream stream = open(file, TOKENS, LARGE)) {
      assertArrayEquals(new int[] {5, 6, 50256}, all(stream));
    }
    TokenFiles.headed(file, 20240801, 7, 2, TokenFiles.bytes(4, 128000, 6));
    try (TokenStream stream = open(file, TOKENS, LARGE)) {
      assertArrayEquals(new int[] {128000, 6}, all(stream));
    }
    String other = error(file, TOKENS, LARGE, "data.idType=uint16");
    assertTrue(other.contains("data.idType") && other.contains("uint32"), other);
    TokenFiles.headed(file, 20240801, 7, 3, TokenFiles.bytes(4, 128000, 6));
    String shorter = error(file, TOKENS, LARGE);
    assertTrue(shorter.contains("a.bin has 8 bytes behind its head, which says 3 tokens"), shorter);
  }

  @Test
  void whatIsNoFileOfTokensIsRefused() throws IOException {
    Path file = Files.write(folder.resolve("a.bin"), new byte[5]);
    String odd = error(file, TOKENS);
    assertTrue(odd.contains("a.bin has 5 bytes") && odd.contains("data.path"), odd);
    Files.write(file, new byte[6]);
    assertTrue(error(file, TOKENS, LARGE).contains("a.bin has 6 bytes"));
    byte[] numpy = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    Files.write(file, numpy);
    assertTrue(error(file, TOKENS).contains("a.bin is NumPy's"));
    Path packed = Files.write(folder.resolve("b.bin.gz"), new byte[4]);
    assertTrue(error(packed, TOKENS).contains("unpack it"));
    assertTrue(error(folder, TOKENS).contains("is NumPy's"));
    Path text = Files.writeString(Files.createDirectory(folder.resolve("t")).resolve("x.txt"), "a");
    assertTrue(
        error(text.getParent(), TOKENS)
            .contains("must hold tokens, found 0 bytes in files ending in .bin"));
  }

  /** A token that the model lacks is found wherever it is, at the start. */
  @ParameterizedTest
  @ValueSource(ints = {0, 65535, 65536, 70000})
  void tokensBeyondTheVocabularyAreFoundAtTheStart(int place) throws IOException {
    long[] tokens = LongStream.range(0, 70001).map(i -> i % 399).toArray();
    tokens[place] = 400;
    Path file = TokenFiles.flat(folder.resolve("a.bin"), 2, tokens);
    TokenFiles.flat(folder.resolve("0.bin"), 2, 1, 2, 3);
    String text = error(folder, TOKENS);
    assertTrue(text.contains(file + ": token 400 at place " + place), text);
    assertTrue(text.contains("below model.vocabulary (400)"), text);
    try (TokenStream stream = open(folder, TOKENS, "model.vocabulary=401")) {
      assertEquals(70004, stream.tokens());
      assertEquals(400, stream.entries(3 + place, 1)[0]);
    }
  }

  @Test
  void endTokensAndFilesEndDocuments() throws IOException {
    TokenFiles.flat(folder.resolve("a.bin"), 2, 1, 2, 9, 3, 9, 9, 4);
    TokenFiles.flat(folder.resolve("b.bin"), 2, 5, 9);
    try (TokenStream stream = open(folder, TOKENS, "data.endToken=9")) {
      assertArrayEquals(new int[] {3, 2, 1, 1, 2}, lengths(stream));
      assertEquals(9 - 5, stream.counts().labels());
    }
  }

  /** The end of a document may lie in any piece that is read. */
  @Test
  void documentsGoOnOverPieces() throws IOException {
    long[] tokens = new long[200_000];
    int[] ends = {65535, 65536, 131072, 199_998};
    Arrays.stream(ends).forEach(end -> tokens[end] = 9);
    Path file = TokenFiles.flat(folder.resolve("a.bin"), 2, tokens);
    try (TokenStream stream = open(file, TOKENS, "data.endToken=9")) {
      assertArrayEquals(new int[] {65536, 1, 65536, 68926, 1}, lengths(stream));
    }
  }

  @Test
  void anIndexBesideAFileEndsDocuments() throws IOException {
    Path file = TokenFiles.flat(folder.resolve("a.ds"), 2, 1, 2, 9, 3, 9, 4);
    Path index = TokenFiles.flat(folder.resolve("a.ds.index"), 8, 2, 2, 5, 6);
    try (TokenStream stream = open(folder, TOKENS, "data.extensions=[\"ds\"]", "data.endToken=9")) {
      assertArrayEquals(new int[] {2, 3, 1}, lengths(stream));
    }
    TokenFiles.flat(index, 8, 2, 5);
    assertTrue(error(file, TOKENS).contains("a.ds.index ends at token 5, " + file + " has 6"));
    TokenFiles.flat(index, 8, 2, 7);
    assertTrue(error(file, TOKENS).contains("document 1 (counted from 0) ends at token 7"));
    TokenFiles.flat(index, 8, 5, 2, 6);
    assertTrue(error(file, TOKENS).contains("ends at token 2, must be at least 5"));
    Files.write(index, new byte[9]);
    assertTrue(error(file, TOKENS).contains("a.ds.index has 9 bytes"));
  }

  @Test
  void documentsThatNobodyKnowsAreNotMadeUp() throws IOException {
    Path file = TokenFiles.flat(folder.resolve("a.bin"), 2, 1, 2, 9, 3);
    String text = error(file, TOKENS, "data.documents=true");
    assertTrue(text.contains("data.documents") && text.contains("a.bin end"), text);
    try (TokenStream stream = open(file, TOKENS)) {
      assertFalse(stream instanceof TokenDocuments);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 255",
    "2, 1, 127",
    "3, 2, 32767",
    "4, 4, 119546",
    "5, 8, 119546",
    "8, 2, 65535"
  })
  void everyTypeOfMegatronsIsRead(int code, int width, long last) throws IOException {
    Path file = pair(code, width, new int[] {2, 1, 3}, new long[] {0, 2, 3}, 1, 2, 3, 4, 5, last);
    for (Path name : List.of(file, folder.resolve("a"), folder.resolve("a.idx"), folder)) {
      try (TokenStream stream = open(name, MEGATRON, LARGE)) {
        assertArrayEquals(new int[] {3, 3}, lengths(stream));
        assertArrayEquals(new int[] {1, 2, 3, 4, 5, (int) last}, all(stream));
      }
    }
  }

  /** Signed types and 8 bytes can hold what is no token at all. */
  @ParameterizedTest
  @CsvSource({"2, 1, -1", "3, 2, -2", "4, 4, -1", "5, 8, 4294967297", "5, 8, -1"})
  void negativeAndHugeTokensAreRefused(int code, int width, long token) throws IOException {
    Path file = pair(code, width, new int[] {2}, new long[] {0, 1}, 1, token);
    String text = error(file, MEGATRON);
    assertTrue(text.contains("a.bin: token " + token + " at place 1"), text);
  }

  /** Fractions; and what DeepSpeed's copy writes as 8, of 8 bytes. */
  @Test
  void typesThatHoldNoTokensAreRefused() throws IOException {
    for (int code : new int[] {0, 6, 7, 9, 255}) {
      Path file = pair(code, 8, new int[] {1}, new long[] {0, 1}, 1);
      assertTrue(error(file, MEGATRON).contains("a.idx has tokens of type " + code), "" + code);
    }
    Path file = pair(8, 8, new int[] {1, 1}, new long[] {0, 2}, 1, 2);
    assertTrue(error(file, MEGATRON).contains("a.idx is wrong at sequence 1"));
  }

  @Test
  void anIndexThatIsNotThatOfItsTokensIsRefused() throws IOException {
    int[] lengths = {2, 1};
    Path file = pair(8, 2, lengths, new long[] {0, 1, 2}, 1, 2, 3);
    Path index = folder.resolve("a.idx");
    byte[] good = Files.readAllBytes(index);
    assertTrue(refused(file, good, 0, 'X').contains("does not begin with MMIDIDX"));
    assertTrue(refused(file, good, 9, 2).contains("has version 2, must be 1"));
    assertTrue(refused(file, good, 18, 3).contains("3 sequences and 3 document indices"));
    assertTrue(refused(file, good, 25, 0xff).contains("document indices"));
    assertTrue(refused(file, good, 33, 0x7f).contains("document indices"));
    assertTrue(refused(file, good, 34, 3).contains("wrong at sequence 1"));
    assertTrue(refused(file, good, 37, 0x80).contains("wrong at sequence 0"));
    assertTrue(refused(file, good, 58, 1).contains("wrong at document index 0"));
    assertTrue(refused(file, good, 66, 3).contains("wrong at document index 1"));
    assertTrue(refused(file, good, 74, 1).contains("has 2 sequences, of which documents have 1"));
    Files.write(index, Arrays.copyOf(good, 33));
    assertTrue(error(file, MEGATRON).contains("it has 33 bytes"));
    Files.write(index, Arrays.copyOf(good, good.length + 2));
    assertTrue(error(file, MEGATRON).contains("a.idx has " + (good.length + 2) + " bytes"));
    Files.write(index, good);
    TokenFiles.flat(file, 2, 1, 2);
    assertTrue(error(file, MEGATRON).contains("a.bin has 4 bytes, its index 3 tokens"));
    Files.delete(index);
    assertTrue(error(file, MEGATRON).contains("a.bin has no index: " + index));
  }

  private String refused(Path file, byte[] good, int at, int value) throws IOException {
    byte[] bad = good.clone();
    bad[at] = (byte) value;
    Files.write(folder.resolve("a.idx"), bad);
    return error(file, MEGATRON);
  }

  /** Sets of 2, 3 and 1 documents, of several sequences each, and one that is empty. */
  @Test
  void documentsOfSeveralFilesFollowEachOther() throws IOException {
    int[][] lengths = {{1, 2, 3}, {2, 2, 2, 0}, {4, 1}};
    long[][] documents = {{0, 1, 3}, {0, 1, 2, 3, 4}, {0, 2}};
    int token = 0;
    List<Integer> expected = new ArrayList<>();
    for (int set = 0; set < 3; set++) {
      int count = Arrays.stream(lengths[set]).sum();
      long[] tokens = LongStream.range(token, token + count).toArray();
      token += count;
      Files.write(
          folder.resolve(set + ".idx"), TokenFiles.index(4, 4, lengths[set], documents[set]));
      TokenFiles.flat(folder.resolve(set + ".bin"), 4, tokens);
    }
    try (TokenStream stream = open(folder, MEGATRON)) {
      assertArrayEquals(new int[] {1, 5, 2, 2, 2, 5}, lengths(stream));
      assertArrayEquals(IntStream.range(0, token).toArray(), all(stream));
    }
  }

  /** How tokens are written is no part of what they are. */
  @Test
  void theDigestIsThatOfTheSameTokensInAnyForm() throws IOException {
    String text = "{\"text\": \"some words\"}\n{\"text\": \"some others\"}\n";
    Path records = Files.writeString(folder.resolve("records"), text);
    int[] tokens;
    int[] lengths;
    String digest;
    try (TokenFile corpus = Given.tokens(records, "data.format=jsonl")) {
      tokens = all(corpus);
      lengths = corpus.lengths();
      digest = corpus.digest();
    }
    long[] ids = Arrays.stream(tokens).asLongStream().toArray();
    Path megatron = pair(4, 4, lengths, new long[] {0, 1, 2}, ids);
    Path narrow = TokenFiles.flat(folder.resolve("n.bin"), 2, ids);
    String end = "data.endToken=" + tokens[tokens.length - 1];
    try (TokenStream one = open(megatron, MEGATRON);
        TokenStream two = open(narrow, TOKENS, end);
        TokenStream stream = open(narrow, TOKENS)) {
      assertEquals(digest, one.digest());
      assertEquals(digest, two.digest());
      assertFalse(digest.equals(stream.digest()));
    }
    ids[0]++;
    TokenFiles.flat(narrow, 2, ids);
    try (TokenStream changed = open(narrow, TOKENS, end)) {
      assertFalse(digest.equals(changed.digest()));
    }
  }

  /** Packed sequences, and what is kept out of them, are those of tokens that were tokenized. */
  @Test
  void samplesAreThoseOfTheSameTokenizedTexts() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      text.append("{\"text\": \"").append("words ".repeat(1 + i % 7)).append("\"}\n");
    }
    Path records = Files.writeString(folder.resolve("records"), text);
    long[] ids;
    int[] lengths;
    try (TokenFile corpus = Given.tokens(records, "data.format=jsonl")) {
      ids = Arrays.stream(all(corpus)).asLongStream().toArray();
      lengths = corpus.lengths();
    }
    long[] bounds = LongStream.rangeClosed(0, lengths.length).toArray();
    Path megatron = pair(8, 2, lengths, bounds, ids);
    for (String documents : List.of("data.documents=true", "data.documents=false")) {
      String[] kept = {"validation.fraction=0.3", documents, "data.documentMultiple=1"};
      Configuration text1 = Given.configuration(records, with("data.format=jsonl", kept));
      Configuration ready =
          Given.configuration(megatron, with(MEGATRON, with("data.tokenizer=bytes", kept)));
      try (Samples expected = Given.samples(text1);
          Samples samples = Given.samples(ready);
          HeldOutSamples expectedOut = Given.heldOut(text1);
          HeldOutSamples out = Given.heldOut(ready)) {
        assertEquals(expected.digest(), samples.digest());
        assertEquals(expectedOut.digest(), out.digest());
        assertEquals(expectedOut.labels(), out.labels());
        assertEquals(expectedOut.sequences(), out.sequences());
        for (int i = 0; i < 40; i++) {
          same(expected.sample(i), samples.sample(i));
          same(expectedOut.sample(i), out.sample(i));
          assertEquals(expected.labels(i), samples.labels(i));
        }
      }
    }
  }

  private static String[] with(String first, String... more) {
    String[] all = Arrays.copyOf(more, more.length + 1);
    all[more.length] = first;
    return all;
  }

  private static void same(Sample expected, Sample sample) {
    assertArrayEquals(expected.tokens(), sample.tokens());
    assertArrayEquals(expected.labels(), sample.labels());
    assertArrayEquals(expected.positions(), sample.positions());
    assertArrayEquals(expected.documents(), sample.documents());
  }

  /** Without documents, files are kept out whole. */
  @Test
  void filesAreKeptOutWhereDocumentsAreNotKnown() throws IOException {
    for (int file = 0; file < 8; file++) {
      TokenFiles.flat(
          folder.resolve(file + ".bin"), 2, LongStream.range(file * 40, file * 40 + 40).toArray());
    }
    Configuration configuration = Given.configuration(folder, TOKENS, "validation.fraction=0.4");
    try (Samples samples = Given.samples(configuration);
        HeldOutSamples out = Given.heldOut(configuration)) {
      assertEquals(8, samples.documents() + out.documents());
      assertEquals(320, samples.tokens() + out.tokens());
      assertEquals(out.tokens() - 1, out.labels());
      assertFalse(samples.digest().equals(out.digest()));
      int kept = out.sample(0).tokens()[0] / 40;
      for (int i = 0; i < 100; i++) {
        int[] tokens = samples.sample(i).tokens();
        assertTrue(Arrays.stream(tokens).noneMatch(token -> token / 40 == kept), "" + i);
      }
    }
  }

  /** Whoever is told a digest does not read the files for it. */
  @Test
  void theDigestIsMadeOnceForAHostAndOnceForACache() throws IOException {
    Path file = TokenFiles.flat(folder.resolve("a.bin"), 2, 1, 2, 3, 4);
    HostTokens host = HostTokens.own();
    String digest;
    try (TokenStream first = open(host, file, TOKENS)) {
      digest = first.digest();
      assertEquals(digest, host.place());
    }
    String told = "0".repeat(64);
    try (TokenStream other = open(HostTokens.at(told), file, TOKENS)) {
      assertEquals(told, other.digest());
    }
    Path cache = folder.resolve("cache");
    String cached = "data.cache=" + cache;
    open(file, TOKENS, cached).close();
    Path kept = file(cache, ".tokens");
    assertEquals(digest, Files.readString(kept));
    Files.writeString(kept, told);
    try (TokenStream other = open(file, TOKENS, cached)) {
      assertEquals(told, other.digest());
    }
    try (TokenStream other = open(file, TOKENS, cached, "model.vocabulary=399")) {
      assertEquals(digest, other.digest()); // another question: are all below 399?
    }
    Files.writeString(kept, "half");
    assertTrue(error(file, TOKENS, cached).contains("data.cache"));
    TokenFiles.flat(file, 2, 1, 2, 3, 4, 5);
    try (TokenStream changed = open(file, TOKENS, cached)) {
      assertFalse(changed.digest().equals(digest) || changed.digest().equals(told));
    }
  }

  private static Path file(Path folder, String ending) throws IOException {
    try (var files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(ending)).findFirst().orElseThrow();
    }
  }

  /** Bytes 2^31 and 2^32 of a file of 5 GB, which has no blocks but where something is written. */
  @Test
  void documentsFarBehindAreRead() throws IOException {
    Path file = folder.resolve("a.bin");
    long size = 5L << 30;
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(size);
    }
    long[] places = {(1L << 31) - 4, 1L << 31, (1L << 32) - 2, 1L << 32, size - 2};
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int i = 0; i < places.length; i++) {
        channel.write(ByteBuffer.wrap(TokenFiles.bytes(2, 101 + i)), places[i]);
      }
    }
    int document = 1 << 29;
    int[] lengths = IntStream.range(0, 5).map(i -> document).toArray();
    Files.write(folder.resolve("a.idx"), TokenFiles.index(8, 2, lengths, 0, 1, 2, 3, 4, 5));
    try (TokenStream stream = open(HostTokens.at("0".repeat(64)), file, MEGATRON)) {
      assertEquals(size / 2, stream.tokens());
      for (int i = 0; i < places.length; i++) {
        assertEquals(101 + i, stream.entries(places[i] / 2, 1)[0], "byte " + places[i]);
      }
      int[] border = stream.entries((1L << 32) / 2 - 3, 6);
      assertArrayEquals(new int[] {0, 0, 103, 104, 0, 0}, border);
    }
  }

  @Test
  void aDocumentOfTwoToThe31TokensIsRefused() throws IOException {
    Path file = folder.resolve("a.bin");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(2L << 31);
    }
    TokenFiles.flat(folder.resolve("a.bin.index"), 8, 1L << 31);
    assertTrue(error(file, TOKENS).contains("has 2147483648 tokens, 2^31 or more"));
  }

  @Test
  void aTokenizerIsNeededToReadText() {
    InputException error =
        assertThrows(
            InputException.class, () -> Given.configuration(folder, "data.tokenizer=none"));
    assertTrue(error.getMessage().contains("data.tokenizer"), error.getMessage());
    error =
        assertThrows(InputException.class, () -> Given.configuration(folder, "data.endToken=3"));
    assertTrue(error.getMessage().contains("data.endToken"), error.getMessage());
  }

  @Test
  void aPreviewShowsNumbersWhereThereIsNoTokenizer() throws IOException {
    Path file = TokenFiles.flat(folder.resolve("a.bin"), 2, 1, 2, 9, 3, 9);
    CorpusPreview documents =
        CorpusPreview.of(
            Given.configuration(file, TOKENS, "data.endToken=9"),
            3,
            400,
            Optional.empty(),
            line -> {});
    assertEquals(2, documents.documents());
    assertEquals(3, documents.learned());
    assertEquals("[[1 2 9 ]]", documents.samples().get(0).text());
    CorpusPreview stream =
        CorpusPreview.of(
            Given.configuration(file, TOKENS),
            3,
            400,
            Optional.of(new SampleShape(2, 400, 1)),
            line -> {});
    assertEquals(4, stream.learned());
    assertEquals("[[1 2 ]]", stream.samples().get(0).text());
    assertEquals(Optional.of(new SourceShares.Size(1, 5, 5)), stream.size());
  }
}
