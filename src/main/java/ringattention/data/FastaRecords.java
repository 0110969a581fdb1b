package ringattention.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import ringattention.data.fasta.Bases;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * A record of a FASTA file is a document: its bases, then {@link Bases#END}. Learned are A, C, G
 * and T alone, but for the first of a record, which nothing is before; other codes are seen by
 * those behind them.
 *
 * @param learnsSoftMasked whether bases in lower case are learned
 */
record FastaRecords(Source source, boolean learnsSoftMasked) implements DocumentReader {
  private static final int PIECE = 1 << 16;
  private static final byte[] MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf}; // of byte order

  @Override
  public void read(Path file, CorpusOutput to) throws IOException {
    Reading reading = new Reading(file, to); // no work is done before it: every step is at once
    try (InputStream bytes = to.open(file)) {
      byte[] piece = bytes.readNBytes(MARK.length);
      if (!Arrays.equals(piece, MARK)) {
        reading.take(piece);
      }
      for (piece = bytes.readNBytes(PIECE); piece.length > 0; piece = bytes.readNBytes(PIECE)) {
        reading.take(piece);
      }
    }
    reading.endRecord();
  }

  /** Where in a file the reader is. */
  private enum In {
    /** At the beginning of a line. */
    START,
    /** In a header, or in a comment, up to the end of the line. */
    PASSED_OVER,
    /** In a line of bases. */
    BASES
  }

  /** One file, byte by byte. */
  private final class Reading {
    private final Path file;
    private final CorpusOutput to;
    private long line = 1;
    private In in = In.START;
    private int before; // the byte
    private boolean open; // whether there is a record
    private boolean bad; // whether it cannot be used
    private boolean empty; // whether it has no base yet

    Reading(Path file, CorpusOutput to) {
      this.file = file;
      this.to = to;
    }

    void take(byte... piece) throws IOException {
      for (byte one : piece) {
        take(Byte.toUnsignedInt(one));
      }
    }

    private void take(int one) throws IOException {
      if (one == '\n' || one == '\r') {
        line += one == '\n' && before == '\r' ? 0 : 1; // Windows ends lines with both
        in = In.START;
      } else if (in == In.START && one == '>') {
        endRecord();
        open = true;
        empty = true;
        in = In.PASSED_OVER;
      } else if (in == In.START && one == ';') {
        in = In.PASSED_OVER;
      } else if (in != In.PASSED_OVER && one != ' ' && one != '\t') {
        in = In.BASES;
        base(one);
      }
      before = one;
    }

    private void base(int letter) throws IOException {
      if (bad) {
        return;
      }
      int token = Bases.token(letter);
      if (!open) {
        throw error("must begin with a header, a line that starts with '>'; has " + name(letter));
      }
      if (token < 0) {
        refuse(
            "must be nucleotides, that is A, C, G, T, U, N or another of IUPAC's codes, without"
                + " gaps; has "
                + name(letter)
                + ("EFILPQXZJO*".indexOf(Character.toUpperCase(letter)) < 0
                    ? ""
                    : ", as proteins"));
        return;
      }
      boolean learned = token < Bases.BASES && !empty;
      to.tokens().add(token, learned && (learnsSoftMasked || letter < 'a'));
      empty = false;
    }

    private String name(int letter) {
      return letter > ' ' && letter < 0x7f
          ? "'" + (char) letter + "'"
          : String.format("byte 0x%02x", letter);
    }

    /** The rest of the record is passed over, where that is no error. */
    private void refuse(String reason) throws IOException {
      to.records().bad(file + ":" + line, reason, error(reason));
      to.tokens().drop();
      bad = true;
    }

    private InputException error(String reason) {
      return source.error("data.path", file + ":" + line + ": " + reason);
    }

    void endRecord() throws IOException {
      if (open && !bad && empty) {
        to.records().empty();
      } else if (open && !bad) {
        to.tokens().add(Bases.END, false);
        to.tokens().endDocument();
        to.records().used();
      }
      bad = false;
      open = false;
    }
  }
}
