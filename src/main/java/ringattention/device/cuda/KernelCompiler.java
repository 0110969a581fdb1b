package ringattention.device.cuda;

import static org.bytedeco.cuda.global.nvrtc.nvrtcCompileProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcCreateProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcDestroyProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBIN;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBINSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetErrorString;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLog;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLogSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcVersion;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns src/main/cuda/*.cu into machine code with NVRTC. Results are kept on disk under a name made
 * of everything that decides them, so that later runs and other ranks find them.
 */
final class KernelCompiler {
  private static final Logger LOG = LoggerFactory.getLogger(KernelCompiler.class);
  private static final String COMMON = "common"; // precedes every source

  private final String architecture;
  private final Optional<Path> cache;

  /**
   * @param architecture of the device, for example sm_90
   * @param cache folder for compiled kernels; need not exist, need not be writable
   */
  KernelCompiler(String architecture, Optional<Path> cache) {
    this.architecture = architecture;
    this.cache = cache;
  }

  /** Machine code of one source file, given without .cu. */
  byte[] cubin(String file) {
    String source = read(COMMON) + "\n#line 1 \"" + file + ".cu\"\n" + read(file);
    if (cache.isEmpty()) {
      return compile(file + ".cu", source);
    }
    Path cached = cache.get().resolve(file + "-" + architecture + "-" + key(source) + ".cubin");
    try {
      if (Files.isReadable(cached)) {
        return Files.readAllBytes(cached);
      }
    } catch (IOException e) {
      LOG.debug("{} is not readable", cached, e);
    }
    byte[] cubin = compile(file + ".cu", source);
    keep(cached, cubin);
    return cubin;
  }

  private static String read(String file) {
    String resource = "/cuda/" + file + ".cu";
    try (InputStream stream = KernelCompiler.class.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new IllegalStateException("the program has no resource " + resource);
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  private static String key(String source) {
    int[] major = new int[1];
    int[] minor = new int[1];
    check(nvrtcVersion(major, minor), "version");
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((major[0] + "." + minor[0] + "\n").getBytes(StandardCharsets.UTF_8));
      byte[] hash = digest.digest(source.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Ranks may write at the same time: each its own file, moved into place whole. */
  private static void keep(Path cached, byte[] cubin) {
    try {
      Files.createDirectories(cached.getParent());
      Path mine = Files.createTempFile(cached.getParent(), "cubin", ".part");
      Files.write(mine, cubin);
      Files.move(mine, cached, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.debug("compiled kernels are not kept in {}", cached, e);
    }
  }

  private byte[] compile(String name, String source) {
    _nvrtcProgram program = new _nvrtcProgram();
    try (BytePointer text = new BytePointer(source);
        BytePointer title = new BytePointer(name);
        PointerPointer<BytePointer> options =
            new PointerPointer<>(
                "--gpu-architecture=" + architecture,
                "--std=c++17",
                "--device-as-default-execution-space"); // lambdas
        SizeTPointer size = new SizeTPointer(1)) {
      check(
          nvrtcCreateProgram(
              program, text, title, 0, (PointerPointer<?>) null, (PointerPointer<?>) null),
          name);
      int status = nvrtcCompileProgram(program, 3, options);
      if (status != 0) {
        check(nvrtcGetProgramLogSize(program, size), name);
        byte[] log = new byte[Math.toIntExact(size.get())];
        check(nvrtcGetProgramLog(program, log), name);
        throw new CudaException(
            name
                + " does not compile for "
                + architecture
                + ": "
                + new String(log, StandardCharsets.UTF_8).replace('\0', ' ').strip());
      }
      check(nvrtcGetCUBINSize(program, size), name);
      byte[] cubin = new byte[Math.toIntExact(size.get())];
      check(nvrtcGetCUBIN(program, cubin), name);
      return cubin;
    } finally {
      nvrtcDestroyProgram(program);
    }
  }

  private static void check(int status, String what) {
    if (status != 0) {
      throw new CudaException("NVRTC, " + what + ": " + nvrtcGetErrorString(status).getString());
    }
  }
}
