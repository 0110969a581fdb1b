package ringattention.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How a file writes one token, the lowest byte first; the codes are those of Megatron's index. */
enum TokenWidth {
  UINT8(1, 1) {
    @Override
    long get(ByteBuffer from) {
      return Byte.toUnsignedLong(from.get());
    }
  },
  INT8(2, 1) {
    @Override
    long get(ByteBuffer from) {
      return from.get();
    }
  },
  INT16(3, 2) {
    @Override
    long get(ByteBuffer from) {
      return from.getShort();
    }
  },
  INT32(4, 4) {
    @Override
    long get(ByteBuffer from) {
      return from.getInt();
    }
  },
  INT64(5, 8) {
    @Override
    long get(ByteBuffer from) {
      return from.getLong();
    }
  },
  UINT16(8, 2) {
    @Override
    long get(ByteBuffer from) {
      return Short.toUnsignedLong(from.getShort());
    }
  },
  /** Has no code in Megatron's own index. */
  UINT32(-1, 4) {
    @Override
    long get(ByteBuffer from) {
      return Integer.toUnsignedLong(from.getInt());
    }
  };

  private final int code;
  private final int bytes;

  TokenWidth(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /**
   * Returns what a code of Megatron's index stands for; empty for fractions and what is unknown.
   */
  static Optional<TokenWidth> ofCode(int code) {
    return Arrays.stream(values()).filter(width -> width.code == code && code > 0).findFirst();
  }

  /** Returns the spelling in an input file, and NumPy's. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Bytes of one token. */
  int bytes() {
    return bytes;
  }

  /** Takes one token of a buffer, whose order is {@link ByteOrder#LITTLE_ENDIAN}. */
  abstract long get(ByteBuffer from);
}
