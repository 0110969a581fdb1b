package ringattention.data.fasta;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [fasta]}: what is learned of the records of FASTA files.
 *
 * @param softMask what becomes of lower case
 * @param reverseComplement whether the other strand is learned, too
 * @param heldOut what is held out
 * @param markovOrder the highest order of the Markov models that the held-out loss is compared
 *     with; 0: there is no comparison
 */
public record FastaConfig(
    SoftMask softMask, boolean reverseComplement, HeldOutPart heldOut, int markovOrder) {
  public static final Section<FastaConfig> SECTION = Section.of("fasta", FastaConfig::read);

  static FastaConfig read(Table table) {
    return new FastaConfig(
        table.choice("softMask", SoftMask.class, Default.of(SoftMask.LEARNED)),
        table.flag("reverseComplement", Default.of(false)),
        table.choice("heldOut", HeldOutPart.class, Default.of(HeldOutPart.AUTO)),
        table
            .marked(Trait.ASIDE)
            .integer(
                "markovOrder", Range.between(0, MarkovModel.MOST), Default.of(MarkovModel.MOST)));
  }
}
