package ringattention.run;

import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.device.Device;
import ringattention.device.MemoryCount;
import ringattention.device.MemoryPlan;
import ringattention.metrics.Hardware;

/**
 * Room for one rank.
 *
 * @param device bytes on its device
 * @param host bytes of its host's memory that it may lock
 * @param both bytes on both together, where they are the same memory; otherwise {@link
 *     Long#MAX_VALUE}
 * @param hard whether a rank that needs a little more than the fullest would fail: there is no
 *     margin for it
 */
public record MemoryLimits(long device, long host, long both, boolean hard) {
  private static final double GIB = 1L << 30;

  /** What libraries take later: NCCL, MPI, and kernels that are loaded at first use. */
  private static final long LIBRARIES = 3L << 30;

  /** Devices of one host, of hardware that is not there. */
  private static final int DEVICES_OF_HOST = 8;

  /** The host needs some itself, and so do the heaps of its ranks. */
  private static final double HOST_SHARE = 0.9;

  /** With a margin. */
  public MemoryLimits(long device, long host) {
    this(device, host, Long.MAX_VALUE, false);
  }

  /**
   * What the input grants, or what is free on the rank with the least, and never more than the
   * command line's cap. Collective.
   */
  public static MemoryLimits of(Job job, Device device, MemoryConfig config) {
    long cap = job.line().memoryCap().orElse(MemoryCount.UNCAPPED);
    boolean inHostMemory = device.inHostMemory();
    double share = shareOfHost(job.launch());
    double[] least = {
      onDevice(
          config, cap, device.freeBytes(), device.allocatedBytes(), inHostMemory ? 0 : LIBRARIES),
      config.hostGiB() > 0 ? config.hostGiB() * GIB / job.launch().localSize() : share,
      inHostMemory && config.deviceGiB() == 0
          ? share + device.allocatedBytes()
          : (double) Long.MAX_VALUE
    };
    job.world().allReduce(least, Communicator.Operation.MIN);
    return new MemoryLimits(
        (long) least[0], (long) least[1], (long) least[2], cap != MemoryCount.UNCAPPED);
  }

  /**
   * Returns the most bytes that a device in the host's memory may hold: its rank's share of what
   * the host has available, or what the input grants instead.
   *
   * @param cap the command line's
   */
  public static long inHostMemory(Launch launch, MemoryConfig config, long cap) {
    return config.deviceGiB() > 0 ? cap : Math.min(cap, (long) shareOfHost(launch));
  }

  private static double shareOfHost(Launch launch) {
    long available = AvailableMemory.here().bytes();
    return available == Long.MAX_VALUE ? available : HOST_SHARE * available / launch.localSize();
  }

  /** Whether a rank with such a plan has room. */
  public boolean hold(MemoryPlan plan) {
    return plan.bytes() <= device
        && plan.hostBytes() <= host
        && plan.bytes() <= both - plan.hostBytes();
  }

  /**
   * What the input grants, or the hardware has.
   *
   * @param cap bytes that a device allocates at most, or {@link MemoryCount#UNCAPPED}
   */
  public static MemoryLimits of(Hardware hardware, MemoryConfig config, int ranks, long cap) {
    double host =
        config.hostGiB() > 0
            ? config.hostGiB() * GIB / Math.min(ranks, DEVICES_OF_HOST)
            : hardware.hostBytes();
    double device = onDevice(config, cap, hardware.memoryBytes(), 0, LIBRARIES);
    return new MemoryLimits(
        (long) device, (long) host, Long.MAX_VALUE, cap != MemoryCount.UNCAPPED);
  }

  /**
   * A cap that the device could hold is granted whole.
   *
   * @param free bytes; Long.MAX_VALUE for a device without memory of its own
   * @param held bytes that the device holds now: they are planned again
   * @param libraries bytes that others take of what is free
   */
  private static double onDevice(
      MemoryConfig config, long cap, double free, double held, double libraries) {
    boolean capped = free < Long.MAX_VALUE && cap <= free + held;
    double room = capped ? cap : Math.max(0, free - libraries);
    return config.deviceGiB() > 0 ? Math.min(cap, config.deviceGiB() * GIB) : room;
  }
}
