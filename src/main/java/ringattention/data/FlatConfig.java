package ringattention.data;

import java.util.List;
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
  private static final FlatConfig NOTHING = new FlatConfig(IdType.AUTO, OptionalInt.empty());

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
   * Reads the keys of section {@code [data]}.
   *
   * @param flat whether files, or those of a source, may be of that format
   */
  static FlatConfig read(Table table, boolean flat) {
    Table own = table.onlyIf(flat, "must not be given but with data.format = \"tokens\"");
    return new FlatConfig(
        own.choice("idType", IdType.class, Default.of(IdType.AUTO)),
        own.optionalInteger("endToken", Range.atLeast(0)));
  }

  /**
   * Reads the keys of a table {@code [[data.source]]}.
   *
   * @param flat whether its files are of that format
   * @param inherited of section {@code [data]}
   */
  static FlatConfig ofSource(Table table, boolean flat, FlatConfig inherited) {
    Table own = table.onlyIf(flat, "must not be given but with format = \"tokens\"");
    IdType idType =
        own.choice("idType", IdType.class, Default.derived(inherited.idType, "data.idType"));
    OptionalInt endToken = own.optionalInteger("endToken", Range.atLeast(0));
    return flat
        ? new FlatConfig(idType, endToken.isPresent() ? endToken : inherited.endToken)
        : NOTHING;
  }

  /** Demands a source that the keys of section {@code [data]} count for, if they say anything. */
  void requireUse(Table table, List<DataSource> sources) {
    boolean used =
        sources.isEmpty()
            || sources.stream().anyMatch(source -> source.format() == DataFormat.TOKENS);
    String why = "must not be given without a source of format = \"tokens\"";
    table.require(used || idType == IdType.AUTO, "idType", why);
    table.require(used || endToken.isEmpty(), "endToken", why);
  }

  /** Returns whether files of a format are by themselves one stream without documents. */
  boolean isStream(DataFormat format) {
    return format == DataFormat.TEXT || format == DataFormat.TOKENS && endToken.isEmpty();
  }
}
