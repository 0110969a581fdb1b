package ringattention.data;

import java.util.Arrays;
import java.util.Optional;
import ringattention.data.fasta.BaseRow;
import ringattention.data.fasta.FastaConfig;
import ringattention.data.fasta.MarkovModel;
import ringattention.input.Configuration;

/** What Markov models of the learned part of a genome make of what is held out. */
final class GenomeBaseline {
  private static final int LEARNED = 1 << 24; // bases, the first, in memory 9 bytes each
  private static final int HELD_OUT = 1 << 20;

  private GenomeBaseline() {}

  /**
   * Reads both parts. Where what is held out has files of its own, the learned ones are read for it
   * again.
   *
   * @param given configuration of the run
   * @param heldOut what is held out
   * @param tokens of it that are evaluated, the first
   * @return empty if there is no genome, or no part of it that is learned
   */
  static Optional<MarkovModel> of(
      Configuration given, SampleShape shape, TokenStream heldOut, long tokens) {
    FastaConfig fasta = given.get(FastaConfig.SECTION);
    if (!(heldOut instanceof GenomeParts parts) || fasta.markovOrder() == 0) {
      return Optional.empty();
    }
    ValidationConfig validation = given.get(ValidationConfig.SECTION);
    if (validation.fraction() > 0) {
      return of(parts.learned(), parts, tokens, fasta);
    }
    if (validation.path().isEmpty() || !given.get(DataConfig.SECTION).sources().isEmpty()) {
      return Optional.empty();
    }
    Split all = new Split(given, shape.seed(), false);
    try (TokenDocuments learned =
        Corpus.open(
            given,
            shape,
            all,
            HostTokens.own(),
            stream -> ((GenomeParts) stream).learned(),
            (documents, padding) -> ((GenomeParts) documents).learned())) {
      return of(learned, parts, tokens, fasta);
    }
  }

  private static Optional<MarkovModel> of(
      TokenDocuments learned, GenomeParts heldOut, long tokens, FastaConfig fasta) {
    return MarkovModel.of(
        row(learned, LEARNED),
        row(heldOut, Math.min(tokens, HELD_OUT)),
        fasta.markovOrder(),
        fasta.reverseComplement());
  }

  /** Returns so many tokens, the first. */
  private static BaseRow row(TokenDocuments documents, long most) {
    int[] lengths = documents.lengths();
    long tokens = Math.min(most, documents.tokens());
    BaseRow row = new BaseRow(Math.toIntExact(tokens + lengths.length));
    long at = 0;
    for (int i = 0; i < lengths.length && at < tokens; i++) {
      long end = Math.min(at + lengths[i], tokens);
      while (at < end) {
        int count = (int) Math.min(TokenDocuments.PIECE, end - at);
        Arrays.stream(documents.entries(at, count))
            .forEach(entry -> row.add(TokenStream.token(entry), entry >= 0));
        at += count;
      }
      row.end();
    }
    return row;
  }
}
