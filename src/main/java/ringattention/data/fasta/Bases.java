package ringattention.data.fasta;

import java.util.Arrays;

/**
 * The tokens of a genome, in the order of their numbers: the four bases, the codes of IUPAC for one
 * of several bases, and what ends a record. U of RNA is T.
 */
public final class Bases {
  /** The letters of tokens, all but the end's. */
  public static final String LETTERS = "ACGTNRYSWKMBDHV";

  /** Tokens below are bases, the complement of one is {@code BASES - 1 - token}. */
  public static final int BASES = 4;

  /** Ends a record; also what sequences are padded with. */
  public static final int END = LETTERS.length();

  /** Number of all tokens. */
  public static final int SIZE = END + 1;

  private static final String COMPLEMENTS = "TGCANYRSWMKVHDB";
  private static final int[] OF_BYTES = ofBytes();

  private Bases() {}

  /** Returns the token of a letter in upper or lower case; -1 if it has none. */
  public static int token(int letter) {
    return letter < OF_BYTES.length ? OF_BYTES[letter] : -1;
  }

  /** Returns the token across from it on the other strand. */
  public static int complement(int token) {
    return token == END ? END : LETTERS.indexOf(COMPLEMENTS.charAt(token));
  }

  private static int[] ofBytes() {
    int[] tokens = new int[1 << 7];
    Arrays.fill(tokens, -1);
    for (int token = 0; token < LETTERS.length(); token++) {
      tokens[LETTERS.charAt(token)] = token;
      tokens[Character.toLowerCase(LETTERS.charAt(token))] = token;
    }
    tokens['U'] = tokens['T'];
    tokens['u'] = tokens['T'];
    return tokens;
  }
}
