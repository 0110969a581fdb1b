package ringattention.data;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Unpacks the pages of Parquet files in Java alone, with what also unpacks {@code .zst} files. The
 * library's own way would bring native libraries for it.
 */
final class ParquetPages implements CompressionCodecFactory {
  /** Unpacks one page. */
  private interface Unpacker {
    /** Returns the number of bytes. */
    int unpack(byte[] packed, byte[] into) throws IOException;
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return switch (codec) {
      case UNCOMPRESSED -> page(ParquetPages::copied);
      case SNAPPY -> page(with(new SnappyDecompressor()));
      case ZSTD -> page(with(new ZstdDecompressor()));
      case LZ4_RAW -> page(with(new Lz4Decompressor()));
      case GZIP -> page(ParquetPages::gunzip);
      default ->
          throw new IllegalArgumentException(
              "its pages are packed with "
                  + codec
                  + ", must be with SNAPPY, ZSTD, GZIP or LZ4_RAW, or not at all");
    };
  }

  private static Unpacker with(Decompressor codec) {
    return (packed, into) -> codec.decompress(packed, 0, packed.length, into, 0, into.length);
  }

  private static int copied(byte[] packed, byte[] into) {
    System.arraycopy(packed, 0, into, 0, Math.min(packed.length, into.length));
    return packed.length;
  }

  private static int gunzip(byte[] packed, byte[] into) throws IOException {
    try (InputStream stream = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return stream.readNBytes(into, 0, into.length);
    }
  }

  private static BytesInputDecompressor page(Unpacker unpacker) {
    return new BytesInputDecompressor() {
      @Override
      public BytesInput decompress(BytesInput packed, int size) throws IOException {
        return BytesInput.from(unpacked(packed.toByteArray(), size));
      }

      @Override
      public void decompress(ByteBuffer packed, int packedSize, ByteBuffer into, int size)
          throws IOException {
        byte[] bytes = new byte[packedSize];
        packed.get(bytes);
        into.put(unpacked(bytes, size));
      }

      private byte[] unpacked(byte[] packed, int size) throws IOException {
        if (size < 0 || size > Runtime.getRuntime().maxMemory() / 4) { // a broken header says so
          throw new IOException("a page of " + size + " bytes is more than a quarter of the heap");
        }
        byte[] all = new byte[size];
        int bytes = unpacker.unpack(packed, all);
        if (bytes != size) {
          throw new IOException("a page has " + bytes + " bytes, its header says " + size);
        }
        return all;
      }

      @Override
      public void release() {}
    };
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    throw new UnsupportedOperationException("nothing is written");
  }

  @Override
  public void release() {}
}
