package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudnn.cudnnCreate;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroy;
import static org.bytedeco.cuda.global.cudnn.cudnnGetErrorString;
import static org.bytedeco.cuda.global.cudnn.cudnnGetLastErrorString;
import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;
import static org.bytedeco.cuda.global.cudnn.cudnnSetStream;

import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.cudnn.cudnnContext;

/** cuDNN on one stream, and what a failed call of it says. */
final class Cudnn implements AutoCloseable {
  /** 9.10.0 and 9.10.1 have known errors in bf16 attention; before 9.10 nothing was tried. */
  private static final long OLDEST = 91002;

  private static final int LONGEST_TEXT = 4096;

  private final cudnnContext handle = new cudnnContext();

  /**
   * @throws CudaException if the installed cuDNN is too old
   */
  Cudnn(Stream stream) {
    if (version() < OLDEST) {
      throw new CudaException(
          "cuDNN " + name(version()) + " is installed; attention needs " + name(OLDEST));
    }
    check(cudnnCreate(handle), "handle");
    check(cudnnSetStream(handle, stream.handle()), "stream");
  }

  cudnnContext handle() {
    return handle;
  }

  /** Returns the version of the installed library: 91900 is 9.19.0. */
  static long version() {
    return cudnnGetVersion();
  }

  private static String name(long version) {
    return version / 10000 + "." + version / 100 % 100 + "." + version % 100;
  }

  /**
   * @param status of a call of cuDNN
   * @param what the call was for
   */
  static void check(int status, String what) {
    if (status != 0) {
      byte[] text = new byte[LONGEST_TEXT];
      cudnnGetLastErrorString(text, text.length);
      int end = 0;
      while (end < text.length && text[end] != 0) {
        end++;
      }
      throw new CudaException(
          "cuDNN "
              + name(version())
              + ", "
              + what
              + ": "
              + cudnnGetErrorString(status).getString()
              + ", "
              + new String(text, 0, end, StandardCharsets.UTF_8).strip());
    }
  }

  @Override
  public void close() {
    cudnnDestroy(handle);
  }
}
