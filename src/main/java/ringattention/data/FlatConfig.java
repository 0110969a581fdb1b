package ringattention.data;

import java.util.OptionalInt;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Table;

/**
 * The keys of section {@code [data]} that say how files of {@link DataFormat#TOKENS} are written.
 *
 * @param idType what one token is
 * @param endToken the token that ends a document, and belongs to it; empty: an index beside a file
 *     says where documents end, or nothing does
 */
record FlatConfig(IdType idType, OptionalInt endToken) {
  /** What a token of a file is, as the input says it. */
  enum IdType {
    /** What the file's head says; without one, the least that the model's vocabulary fits in. */
    AUTO("auto"),
    UINT16("uint16"),
    UINT32("uint32");

    private final String name;

    IdType(String name) {
      this.name = name;
    }

    /** Returns the spelling in an input file. */
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * @param flat whether files are of that format
   */
  static FlatConfig read(Table table, boolean flat) {
    Table own = table.onlyIf(flat, "must not be given but with data.format = \"tokens\"");
    return new FlatConfig(
        own.choice("idType", IdType.class, Default.of(IdType.AUTO)),
        own.optionalInteger("endToken", Range.atLeast(0)));
  }
}
