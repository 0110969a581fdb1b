package ringattention;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import ringattention.comm.Communicator;
import ringattention.config.MemoryConfig;
import ringattention.device.Device;
import ringattention.device.MemoryCount;
import ringattention.metrics.Hardware;

/**
 * Room for one rank.
 *
 * @param device bytes on its device
 * @param host bytes of its host's memory that it may lock
 * @param hard whether a rank that needs a little more than the fullest would fail: there is no
 *     margin for it
 */
record MemoryLimits(long device, long host, boolean hard) {
  private static final double GIB = 1L << 30;

  /** What libraries take later: NCCL, MPI, and kernels that are loaded at first use. */
  private static final long LIBRARIES = 3L << 30;

  /** Of hardware that is not there. */
  private static final int DEVICES_OF_HOST = 8;

  /** The host needs some itself. */
  private static final double HOST_SHARE = 0.9;

  /** With a margin. */
  MemoryLimits(long device, long host) {
    this(device, host, false);
  }

  /**
   * What the input grants, or what is free on the rank with the least, and never more than the
   * command line's cap. Collective.
   */
  static MemoryLimits of(Job job, Device device, MemoryConfig config) {
    long cap = job.line().memoryCap().orElse(MemoryCount.UNCAPPED);
    double[] least = {
      onDevice(config, cap, device.freeBytes(), device.allocatedBytes()),
      (config.hostGiB() > 0 ? config.hostGiB() * GIB : HOST_SHARE * availableOnHost())
          / job.launch().localSize()
    };
    job.world().allReduce(least, Communicator.Operation.MIN);
    return new MemoryLimits((long) least[0], (long) least[1], cap != MemoryCount.UNCAPPED);
  }

  /**
   * What the input grants, or the hardware has.
   *
   * @param cap bytes that a device allocates at most, or {@link MemoryCount#UNCAPPED}
   */
  static MemoryLimits of(Hardware hardware, MemoryConfig config, int ranks, long cap) {
    double host =
        config.hostGiB() > 0
            ? config.hostGiB() * GIB / Math.min(ranks, DEVICES_OF_HOST)
            : hardware.hostBytes();
    double device = onDevice(config, cap, hardware.memoryBytes(), 0);
    return new MemoryLimits((long) device, (long) host, cap != MemoryCount.UNCAPPED);
  }

  /**
   * A cap that the device could hold is granted whole.
   *
   * @param free bytes; Long.MAX_VALUE for a device without memory of its own
   * @param held bytes that the device holds now: they are planned again
   */
  private static double onDevice(MemoryConfig config, long cap, double free, double held) {
    boolean capped = free < Long.MAX_VALUE && cap <= free + held;
    double room = capped ? cap : Math.max(0, free - LIBRARIES);
    return config.deviceGiB() > 0 ? Math.min(cap, config.deviceGiB() * GIB) : room;
  }

  /** What Linux says can be had without swapping, within the limit of this process' group. */
  private static double availableOnHost() {
    double available = meminfo();
    for (String limit :
        List.of("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")) {
      try {
        String text = Files.readString(Path.of(limit)).strip();
        if (text.matches("\\d+")) {
          available = Math.min(available, Double.parseDouble(text));
        }
      } catch (IOException absent) {
        // no limit of this kind
      }
    }
    return available;
  }

  private static double meminfo() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException unknown) {
      return 0;
    }
  }
}
