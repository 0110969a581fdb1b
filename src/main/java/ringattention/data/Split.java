package ringattention.data;

import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import ringattention.input.Configuration;
import ringattention.random.Seed;

/**
 * One of the two parts of a corpus: what is learned, or what is kept out. Which document is in
 * which is a function of seed and index alone.
 *
 * @param seed of the run
 * @param keptOut whether this is the part that is kept out
 */
record Split(Configuration configuration, long seed, boolean keptOut) {
  /**
   * Returns the numbers of the documents of this part, ascending.
   *
   * @throws ringattention.input.InputException if either part has none
   */
  int[] of(int documents) {
    double fraction = configuration.get(ValidationConfig.SECTION).fraction();
    Seed choice = Seed.of(seed, "validation");
    IntPredicate out = document -> choice.uniform(document) <= fraction;
    int count = (int) IntStream.range(0, documents).filter(out).count();
    if (count == 0 || count == documents) {
      throw configuration
          .source()
          .error(
              "validation.fraction",
              "keeps "
                  + (count == 0 ? "none" : "all")
                  + " of "
                  + documents
                  + (documents == 1 ? " document" : " documents")
                  + (configuration.source().name("data.path").equals("data.path")
                      ? ""
                      : " of " + configuration.source().name("data.path"))
                  + " out of training, must keep some");
    }
    return IntStream.range(0, documents).filter(i -> out.test(i) == keptOut).toArray();
  }

  /**
   * A piece of a document.
   *
   * @param from its first token, counted in the document
   */
  record Cut(long from, long count) {}

  /**
   * Returns the piece of a document that is kept out, as large a share of it as of documents
   * elsewhere, from a random place.
   *
   * @param document its number
   * @param tokens of it
   */
  Cut cut(int document, long tokens) {
    long count = Math.round(configuration.get(ValidationConfig.SECTION).fraction() * tokens);
    long places = tokens - count + 1;
    return new Cut(
        Long.remainderUnsigned(Seed.of(seed, "validation piece").bits(document), places), count);
  }

  /** Returns whether the corpus has two parts. */
  boolean divides() {
    return configuration.get(ValidationConfig.SECTION).fraction() > 0;
  }
}
