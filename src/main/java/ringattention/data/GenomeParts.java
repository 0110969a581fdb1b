package ringattention.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import ringattention.data.fasta.Bases;
import ringattention.data.fasta.FastaConfig;
import ringattention.input.Configuration;

/**
 * What is learned of the records of a genome, or what is held out: whole records, or of every
 * record one piece. A document is a record or what is left of it on one side of that piece. With
 * both strands each is there twice, as it is and then as its reverse complement, so no held-out
 * base is seen on either strand, and an epoch goes through both.
 */
final class GenomeParts implements TokenDocuments {
  private final TokenDocuments all;
  private final Configuration configuration;
  private final Split split;
  private final boolean bothStrands;
  private final long[] from; // of the pieces, in all
  private final int[] pieces; // their lengths
  private final int[] lengths; // of the documents
  private final DocumentStarts starts; // of the documents

  /**
   * @param all closed with this
   * @param bothStrands whether documents are there on the other strand, too
   * @throws ringattention.input.InputException if nothing is held out, or all is
   */
  GenomeParts(TokenDocuments all, Configuration configuration, Split split, boolean bothStrands) {
    this.all = all;
    this.configuration = configuration;
    this.split = split;
    this.bothStrands = bothStrands;
    List<long[]> found = pieces();
    this.from = found.get(0);
    this.pieces = Arrays.stream(found.get(1)).mapToInt(Math::toIntExact).toArray();
    int strands = bothStrands ? 2 : 1;
    this.lengths = new int[strands * pieces.length];
    Arrays.setAll(lengths, document -> pieces[document / strands]);
    this.starts = new DocumentStarts(lengths);
  }

  /** Returns one part of a corpus, as section {@code [fasta]} says. */
  static GenomeParts of(TokenDocuments all, Configuration configuration, Split split) {
    boolean both = configuration.get(FastaConfig.SECTION).reverseComplement();
    return new GenomeParts(all, configuration, split, both && !split.keptOut());
  }

  /** Returns what is learned of the same records, on one strand. */
  GenomeParts learned() {
    Split other = new Split(configuration, split.seed(), false);
    return new GenomeParts(all, configuration, other, false);
  }

  /** Returns where pieces begin, and their lengths. */
  private List<long[]> pieces() {
    int[] records = all.lengths();
    DocumentStarts places = new DocumentStarts(records);
    if (split.divides() && configuration.get(FastaConfig.SECTION).heldOut().cuts(records.length)) {
      return cut(records, places);
    }
    int[] chosen =
        split.divides() ? split.of(records.length) : IntStream.range(0, records.length).toArray();
    return List.of(
        Arrays.stream(chosen).mapToLong(places::start).toArray(),
        Arrays.stream(chosen).mapToLong(record -> records[record]).toArray());
  }

  private List<long[]> cut(int[] records, DocumentStarts places) {
    long[] begin = new long[2 * records.length];
    long[] length = new long[2 * records.length];
    int count = 0;
    long out = 0;
    for (int record = 0; record < records.length; record++) {
      long start = places.start(record);
      Split.Cut cut = split.cut(record, records[record] - 1); // what ends it is no base
      out += cut.count();
      if (split.keptOut()) {
        begin[count] = start + cut.from();
        length[count] = cut.count();
        count += cut.count() > 0 ? 1 : 0;
        continue;
      }
      begin[count] = start;
      length[count] = cut.count() == 0 ? records[record] : cut.from();
      count += length[count] > 0 ? 1 : 0;
      if (cut.count() > 0) { // the token that ends the record is behind it
        begin[count] = start + cut.from() + cut.count();
        length[count] = start + records[record] - begin[count];
        count++;
      }
    }
    if (out == 0) {
      throw configuration
          .source()
          .error("validation.fraction", "keeps no base out of training, must keep some");
    }
    return List.of(Arrays.copyOf(begin, count), Arrays.copyOf(length, count));
  }

  @Override
  public int[] lengths() {
    return lengths;
  }

  @Override
  public long tokens() {
    return starts.end();
  }

  @Override
  public long documents() {
    return lengths.length;
  }

  @Override
  public boolean allPredicted() {
    return false;
  }

  @Override
  public String text() {
    return TokenDocuments.super.text() + (bothStrands ? ", half of them reverse complements" : "");
  }

  @Override
  public String digest() {
    return Digest.of(
        all.digest(), "strands " + bothStrands, Arrays.toString(from), Arrays.toString(pieces));
  }

  @Override
  public int[] entries(long start, int count) {
    int[] entries = new int[count];
    int document = starts.place(start);
    int within = (int) (start - starts.start(document));
    for (int done = 0; done < count; document++) {
      int piece = Math.min(count - done, lengths[document] - within);
      int[] read = document(document, within, piece);
      if (within == 0 && read[0] >= 0) {
        read[0] = ~read[0]; // what is before it, in a stream, is not what it follows in a genome
      }
      System.arraycopy(read, 0, entries, done, piece);
      done += piece;
      within = 0;
    }
    return entries;
  }

  /** Returns entries [within, within + count) of a document. */
  private int[] document(int document, int within, int count) {
    if (!bothStrands) {
      return all.entries(from[document] + within, count);
    }
    int piece = document / 2;
    if (document % 2 == 0) {
      return all.entries(from[piece] + within, count);
    }
    long end = from[piece] + pieces[piece];
    boolean closed = TokenStream.token(all.entries(end - 1, 1)[0]) == Bases.END;
    int bases = pieces[piece] - (closed ? 1 : 0);
    int read = Math.min(count, Math.max(0, bases - within));
    int[] forward = all.entries(from[piece] + bases - within - read, read);
    int[] entries = new int[count];
    Arrays.fill(entries, ~Bases.END);
    for (int i = 0; i < read; i++) {
      int entry = forward[read - 1 - i];
      int across = Bases.complement(TokenStream.token(entry));
      entries[i] = entry < 0 ? ~across : across;
    }
    return entries;
  }

  @Override
  public CorpusCounts counts() {
    return all.counts();
  }

  @Override
  public void close() {
    all.close();
  }
}
