package ringattention.data;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.data.fasta.Bases;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.metrics.TextUnit;

/** Records of FASTA files: their tokens, both strands, and what is held out of them. */
class FastaTest {
  private static final String FORMAT = "data.format=fasta";

  @TempDir Path folder;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content, US_ASCII);
  }

  private static byte[] packed(String content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content.getBytes(US_ASCII));
    }
    return bytes.toByteArray();
  }

  /** Returns a document as letters, those that are not learned in lower case, its end as a dot. */
  private static String text(int... entries) {
    StringBuilder text = new StringBuilder();
    for (int entry : entries) {
      int token = TokenStream.token(entry);
      char letter = token == Bases.END ? '.' : Bases.LETTERS.charAt(token);
      text.append(entry < 0 ? Character.toLowerCase(letter) : letter);
    }
    return text.toString();
  }

  private static List<String> documents(TokenDocuments all) {
    List<String> texts = new ArrayList<>();
    long at = 0;
    for (int length : all.lengths()) {
      texts.add(text(all.entries(at, length)));
      at += length;
    }
    return texts;
  }

  private static List<String> read(Path file, String... more) {
    String[] all = Arrays.copyOf(more, more.length + 1);
    all[more.length] = FORMAT;
    try (TokenFile tokens = Given.tokens(file, all)) {
      return documents(tokens);
    }
  }

  private String bases(int count) {
    StringBuilder text = new StringBuilder();
    random.ints(count, 0, 4).forEach(base -> text.append("ACGT".charAt(base)));
    return text.toString();
  }

  private static String reversed(String letters) {
    StringBuilder text = new StringBuilder();
    for (char letter : new StringBuilder(letters).reverse().toString().toCharArray()) {
      text.append("TGCANtgcan".charAt("ACGTNacgtn".indexOf(letter)));
    }
    return text.toString();
  }

  private Configuration configuration(Path path, String... more) {
    List<String> all = new ArrayList<>(List.of(FORMAT));
    all.addAll(List.of(more));
    return Given.configuration(path, all.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void aRecordIsADocumentOfBases(String end) throws IOException {
    String content =
        String.join(
            end,
            ";comment, of old files",
            ">one first record > with a sign",
            "ACGTacgt",
            "",
            "  NNRYSWKMBDHV",
            "uU",
            ">nothing",
            ">two",
            "GATTACA");
    List<String> expected = List.of("aCGTACGTnnryswkmbdhvTT.", "gATTACA.");
    assertEquals(expected, read(file("a.fa", content)));
    assertEquals(expected, read(file("b.fa", content + end)));
    Path gzip = Files.write(folder.resolve("c.fa.gz"), packed(content));
    assertEquals(expected, read(gzip));
  }

  @Test
  void lowerCaseMayBeContextOnly() throws IOException {
    Path file = file("a.fa", ">x\nACGtacGTn\n");
    assertEquals(List.of("aCGtacGTn."), read(file, "fasta.softMask=context"));
  }

  /** Pieces of the reading are of 65536 bytes: what is behind the first is read like it. */
  @Test
  void longRecordsAreWhole() throws IOException {
    String letters = bases(200_001);
    Path file = file("a.fa", ">x\n" + letters.replaceAll("(.{70})", "$1\n"));
    assertEquals(letters + ".", read(file).get(0).toUpperCase());
  }

  @Test
  void aByteOrderMarkIsPassedOver() throws IOException {
    Path file = Files.writeString(folder.resolve("a.fa"), "\ufeff>x\nACG\n");
    assertEquals(List.of("aCG."), read(file));
  }

  @Test
  void everyPlaceOfBothStrandsIsRead() throws IOException {
    String one = bases(57);
    String two = bases(31);
    Path file = file("a.fa", ">x\n" + one + "\n>y\n" + two);
    Configuration both = configuration(file, "fasta.reverseComplement=true");
    Split none = new Split(both, 0, false);
    TokenDocuments parts = GenomeParts.of(Given.tokens(file, FORMAT), both, none);
    List<String> found = documents(parts).stream().map(String::toUpperCase).toList();
    assertEquals(
        List.of(one + ".", reversed(one) + ".", two + ".", reversed(two) + "."),
        found,
        "seed " + seed);
    assertTrue(
        documents(parts).stream().allMatch(text -> Character.isLowerCase(text.charAt(0))),
        "the first base of a strand follows nothing");
    int all = (int) parts.tokens();
    String row = String.join("", documents(parts));
    for (int from = 0; from < all; from++) {
      for (int count = 0; count <= all - from; count++) {
        assertEquals(row.substring(from, from + count), text(parts.entries(from, count)));
      }
    }
    assertTrue(parts.text().endsWith("half of them reverse complements"), parts.text());
  }

  /** A code stands for several bases, its complement for theirs. */
  @Test
  void codesHaveComplements() {
    String[] sets = {
      "A", "C", "G", "T", "ACGT", "AG", "CT", "CG", "AT", "GT", "AC", "CGT", "AGT", "ACT", "ACG"
    };
    for (int token = 0; token < sets.length; token++) {
      char[] across = reversed(sets[token]).toCharArray();
      Arrays.sort(across);
      assertEquals(new String(across), sets[Bases.complement(token)], "" + token);
    }
    assertEquals(Bases.END, Bases.complement(Bases.END));
  }

  /** One record: a piece of it is held out, and all around it is learned, on both strands. */
  @ParameterizedTest
  @CsvSource({"0.1, 1", "0.25, 7", "0.5, 3"})
  void aPieceOfTheOneRecordIsHeldOut(double fraction, long runSeed) throws IOException {
    String letters = bases(2000);
    Path file = file("a.fa", ">x\n" + letters);
    Configuration configuration = configuration(file, "validation.fraction=" + fraction);
    TokenFile all = Given.tokens(file, FORMAT);
    List<String> out =
        documents(GenomeParts.of(all, configuration, new Split(configuration, runSeed, true)));
    GenomeParts learned =
        GenomeParts.of(all, configuration, new Split(configuration, runSeed, false));
    List<String> in = documents(learned);
    assertEquals(1, out.size());
    assertEquals(Math.round(2000 * fraction), out.get(0).length());
    assertEquals(2, in.size());
    String whole = in.get(0) + out.get(0) + in.get(1);
    assertEquals(letters + ".", whole.toUpperCase(), "seed " + seed);
    assertEquals(
        in,
        documents(
            new GenomeParts(all, configuration, new Split(configuration, runSeed, true), false)
                .learned()));
  }

  /** Samples of both strands show no base of what is held out: 24 in a row are nowhere twice. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void noSampleShowsWhatIsHeldOut(boolean documents) throws IOException {
    Path file = file("a.fa", ">x\n" + bases(3000));
    Configuration configuration =
        configuration(
            file,
            "validation.fraction=0.2",
            "fasta.reverseComplement=true",
            "train.sequence=64",
            "data.documents=" + documents);
    StringBuilder shown = new StringBuilder();
    int forward = 0;
    String record = read(file).get(0).toUpperCase();
    try (Samples samples = Given.samples(configuration);
        HeldOutSamples heldOut = Given.heldOut(configuration)) {
      for (int index = 0; index < 400; index++) {
        String text = text(samples.sample(index).tokens());
        forward += record.contains(text.substring(20, 44)) ? 1 : 0;
        shown.append(text).append(' ');
      }
      assertTrue(forward > 100 && forward < 300, forward + " of 400 forward, seed " + seed);
      assertEquals(599, heldOut.labels());
      assertEquals(TextUnit.BASE, heldOut.textUnit());
      for (int index = 0; index < heldOut.sequences(); index++) {
        String out = text(heldOut.sample(index).tokens()).replace(".", "");
        for (int at = 0; at + 24 <= out.length(); at++) {
          String piece = out.substring(at, at + 24);
          assertFalse(shown.indexOf(piece) >= 0, "seed " + seed);
          assertFalse(shown.indexOf(reversed(piece)) >= 0, "seed " + seed);
        }
      }
    }
  }

  @Test
  void ofSeveralRecordsSomeAreHeldOut() throws IOException {
    StringBuilder content = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      content.append(">").append(i).append('\n').append(bases(50)).append('\n');
    }
    Path file = file("a.fa", content.toString());
    String fraction = "validation.fraction=0.3";
    try (HeldOutSamples records = Given.heldOut(configuration(file, fraction));
        HeldOutSamples parts =
            Given.heldOut(configuration(file, fraction, "fasta.heldOut=parts"))) {
      assertEquals(51 * records.documents(), records.tokens());
      assertTrue(records.documents() > 1 && records.documents() < 39);
      assertEquals(40, parts.documents());
      assertEquals(40 * 15, parts.tokens());
      assertEquals(40 * 14, parts.labels());
    }
  }

  /** Held-out files of their own are compared with what is learned from others. */
  @Test
  void theBaselineIsCountedOnWhatIsLearned() throws IOException {
    Path learned = file("a.fa", ">x\n" + "ACGGT".repeat(1000));
    Path other = file("b.fa", ">x\n" + "ACGGT".repeat(20));
    try (HeldOutSamples samples =
        Given.heldOut(configuration(learned, "validation.path=" + other))) {
      assertEquals(99, samples.baseline(0).orElseThrow().bases());
      assertTrue(samples.baseline(0).orElseThrow().bits() < 0.2);
    }
    try (HeldOutSamples samples =
        Given.heldOut(configuration(learned, "validation.fraction=0.1"))) {
      assertEquals(4500 - 16, samples.baseline(2).orElseThrow().counted(), 16);
      assertEquals(32, samples.baseline(2).orElseThrow().bases());
    }
  }

  @Test
  void strandsAndMasksAreAnotherCorpus() throws IOException {
    Path file = file("a.fa", ">x\nACGTacgtACGTACGTGGATC");
    try (Samples plain = Given.samples(configuration(file));
        Samples both = Given.samples(configuration(file, "fasta.reverseComplement=true"));
        Samples masked = Given.samples(configuration(file, "fasta.softMask=context"))) {
      assertNotEquals(plain.digest(), both.digest());
      assertNotEquals(plain.digest(), masked.digest());
    }
    assertNotEquals(
        HostTokens.key(configuration(file), false),
        HostTokens.key(configuration(file, "fasta.softMask=context"), false));
  }

  /** A cache knows masks, too. */
  @Test
  void cachedTokensAreOfOneMask() throws IOException {
    Path file = file("a.fa", ">x\nACGTacgtACGTACGTGGATC");
    String cache = "data.cache=" + folder.resolve("cache");
    assertEquals("aCGTACGTACGTACGTGGATC.", read(file, cache).get(0));
    assertEquals("aCGTacgtACGTACGTGGATC.", read(file, cache, "fasta.softMask=context").get(0));
  }

  @Test
  void textIsTokenizedLikeFiles() throws IOException {
    Path file = file("a.fa", ">x\nACGT");
    try (Tokenizer tokenizer = Given.tokenizer(configuration(file))) {
      assertArrayEquals(
          new int[] {0, 1, 2, 3, 3, 4, 5, Bases.END},
          tokenizer.encode("acGT\nu nR" + tokenizer.endText()));
      assertEquals("ACGTNR", tokenizer.decode(new int[] {0, 1, 2, 3, 4, 5, Bases.END}, true));
      assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("ACX"));
      for (int token = 0; token < Bases.END; token++) {
        assertEquals(token, tokenizer.token(Bases.LETTERS.substring(token, token + 1)).orElse(-1));
      }
      assertEquals(Bases.SIZE, tokenizer.vocabulary());
    }
  }

  private String refused(Path path, String... more) {
    Configuration configuration = configuration(path, more);
    InputException error =
        assertThrows(InputException.class, () -> Given.samples(configuration).close());
    return error.getMessage().replace(folder + "/", "");
  }

  private static final String LETTERS =
      "must be nucleotides, that is A, C, G, T, U, N or another of IUPAC's codes, without gaps; has ";

  @Test
  void badFilesAreOneLine() throws IOException {
    String start = "-D data.path = \"%s\": ";
    assertEquals(
        start.formatted("protein.fa") + "protein.fa:3: " + LETTERS + "'L', as proteins",
        refused(file("protein.fa", ">p\nMKTAYSAK\nKLVKSHFSRQLEERLGLIEVQ")));
    assertEquals(
        start.formatted("gap.fa") + "gap.fa:4: " + LETTERS + "'-'",
        refused(file("gap.fa", ">p\r\nACGT\r\n\r\nACG-T")));
    assertEquals(
        start.formatted("fastq.fa")
            + "fastq.fa:1: must begin with a header, a line that starts with '>'; has '@'",
        refused(file("fastq.fa", "@r\nACGT\n+\nIIII")));
    assertEquals(
        start.formatted("empty.fa") + "must hold text, found 0 bytes",
        refused(file("empty.fa", "")));
    assertEquals(
        start.formatted("header.fa") + "header.fa holds no document",
        refused(file("header.fa", ">only\n>headers\n")));
    byte[] whole = packed(">x\n" + bases(10_000));
    Path cut = Files.write(folder.resolve("cut.fa.gz"), Arrays.copyOf(whole, whole.length / 2));
    assertEquals(
        start.formatted("cut.fa.gz")
            + "cut.fa.gz cannot be read: its gzip data ends too early, the file is not whole",
        refused(cut));
    assertEquals(
        start.formatted("packed.fa")
            + "packed.fa:1: must begin with a header, a line that starts with '>'; has byte 0x1f",
        refused(Files.write(folder.resolve("packed.fa"), whole)));
    assertEquals(
        "-D validation.fraction = 0.1: keeps no base out of training, must keep some",
        refused(file("short.fa", ">x\nACG"), "validation.fraction=0.1"));
  }

  @Test
  void badRecordsMayBeLeftOut() throws IOException {
    Path file = file("a.fa", ">x\nACG\n>protein\nACG\nGEN\nQQ\n>y\nTTG");
    assertEquals(List.of("aCG.", "tTG."), read(file, "data.skipBad=true"));
    try (TokenFile tokens = Given.tokens(file, FORMAT, "data.skipBad=true")) {
      assertEquals(file + ":5", tokens.counts().skipped().get(0).first());
      assertEquals(3, tokens.counts().records());
    }
  }

  /** Beside genomes lie other files; a folder without such names is read whole. */
  @Test
  void ofAFolderFilesWithNamesOfGenomesAreRead() throws IOException {
    file("README", "A genome");
    file("proteins.faa", ">p\nMKL");
    file("b.fna", ">y\nTTT");
    Files.write(folder.resolve("a.fasta.gz"), packed(">x\nGGG"));
    Configuration configuration = configuration(folder);
    assertEquals(2, new CorpusFiles(configuration).all().size());
    assertTrue(Samples.leftOut(configuration).get(0).startsWith("2 files of "));
  }

  private static String message(String... keys) {
    return assertThrows(InputException.class, () -> Given.sources(keys)).getMessage();
  }

  @Test
  void theTokenizerIsThatOfBases() {
    assertEquals(
        "-D data.tokenizer = \"bytes\": must be \"bases\" with data.format = \"fasta\"",
        message("data.path=x", "train.sequence=8", FORMAT, "data.tokenizer=bytes"));
    assertEquals(
        "-D data.tokenizer = \"bases\": must not be \"bases\" without data.format = \"fasta\"",
        message("data.path=x", "train.sequence=8", "data.tokenizer=bases"));
    assertEquals(
        "-D data.source.2.format = \"text\": must be \"fasta\", as that of the first source",
        message(
            FORMAT,
            "train.sequence=8",
            "data.source.1.path=x",
            "data.source.2.path=y",
            "data.source.2.format=text"));
  }

  @Test
  void genomesMayBeMixed() throws IOException {
    Path one = file("a.fa", ">x\n" + bases(500));
    Path two = file("b.fa", ">y\n" + bases(900));
    Configuration mixed =
        Given.sources(
            FORMAT,
            "train.sequence=16",
            "data.source.1.path=" + one,
            "data.source.2.path=" + two,
            "data.source.2.weight=2",
            "fasta.reverseComplement=true",
            "validation.fraction=0.1");
    try (Samples samples = Given.samples(mixed);
        HeldOutSamples heldOut = Given.heldOut(mixed)) {
      assertEquals(2 * (451 + 811), samples.tokens());
      long shown = 0;
      for (DataSources.One source : DataSources.of(mixed)) {
        CorpusPreview preview =
            CorpusPreview.of(
                source.configuration(), 1, 16, Optional.of(Given.shape(mixed)), line -> {});
        shown += preview.size().orElseThrow().tokens();
      }
      assertEquals(samples.tokens(), shown);
      assertEquals(140, heldOut.tokens());
      assertEquals(TextUnit.BASE, heldOut.textUnit());
    }
  }
}
