package ringattention.run;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;
import ringattention.comm.Communicator;
import ringattention.comm.DeviceCommunicator;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.MemoryCount;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.cuda.CudaDevice;
import ringattention.device.cuda.CudaOptions;
import ringattention.device.reference.ReferenceDevice;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.parallel.AloneCollectives;
import ringattention.parallel.HostCollectives;
import ringattention.report.Units;

/**
 * What a rank computes on, and how the memory of that goes to other ranks. Every rank of a job has
 * the same kind.
 */
public final class Equipment implements AutoCloseable {
  /** Set by profilers that want the names of ranges. */
  private static final String PROFILER = "NVTX_INJECTION64_PATH";

  private final Device device;
  private final LongFunction<Device> open;
  private final long memoryCap;
  private final Function<Communicator, Ranks> join;
  private final Ranks ranks;
  private final Map<String, String> description;
  private final Runnable onClose;

  /**
   * A group of ranks.
   *
   * @param world for the device's memory and for everything else
   * @param collectives for parameters and gradients
   */
  private record Ranks(Communicator world, Collectives collectives) {}

  private Equipment(
      LongFunction<Device> open,
      long memoryCap,
      Device device,
      Function<Communicator, Ranks> join,
      Ranks ranks,
      Map<String, String> description,
      Runnable onClose) {
    this.open = open;
    this.memoryCap = memoryCap;
    this.device = device;
    this.join = join;
    this.ranks = ranks;
    this.description = description;
    this.onClose = onClose;
  }

  /**
   * The same for some of the ranks, on the same device. Called by all of them; closing it ends the
   * group and leaves the device.
   *
   * @param group for host memory
   */
  public Equipment on(Communicator group) {
    Ranks some = join.apply(group);
    return new Equipment(open, memoryCap, device, join, some, description, some.world()::close);
  }

  public Device device() {
    return device;
  }

  /** A second device like the first, on the same GPU or cores. The caller closes it. */
  public Device another() {
    return another(memoryCap);
  }

  /**
   * Opens a device like {@link #another()}, with another cap.
   *
   * @param bytes the device holds at most
   */
  public Device another(long bytes) {
    return open.apply(bytes);
  }

  /** All ranks, for the device's memory and for everything else. */
  public Communicator world() {
    return ranks.world();
  }

  /**
   * Returns the collectives of all ranks, for parameters and gradients on this or {@link #another}
   * device.
   */
  public Collectives collectives(Device ofRank) {
    return world().size() == 1 ? new AloneCollectives(ofRank) : ranks.collectives();
  }

  /** Rows for the header; none on a CPU that was asked for. */
  public Map<String, String> description() {
    return description;
  }

  /**
   * Opens what the input asks for. Collective.
   *
   * @throws InputException on every rank if it cannot be had
   */
  public static Equipment open(Job job, Configuration configuration) {
    DeviceConfig config = configuration.get(DeviceConfig.SECTION);
    if (config.kind() == DeviceKind.REFERENCE) {
      return onHost(job, configuration, ReferenceDevice::new, Map.of());
    }
    if (config.kind() == DeviceKind.CPU) {
      return onHost(job, configuration, cap -> cpu(job, config, cap), Map.of());
    }
    GpuPlaces places = GpuPlaces.of(job, config.shared());
    Optional<String> problem = places.problem();
    if (problem.isEmpty()) {
      return onGpu(job, configuration, places.together());
    }
    if (config.kind() == DeviceKind.CUDA) {
      throw configuration.source().error("device.kind", problem.get());
    }
    configuration
        .get(ParallelConfig.SECTION)
        .requireHostTransport(configuration.source(), problem.get());
    return onHost(
        job,
        configuration,
        cap -> cpu(job, config, cap),
        Map.of("device", "CPU: " + problem.get()));
  }

  private static Device cpu(Job job, DeviceConfig config, long cap) {
    int cores = Runtime.getRuntime().availableProcessors();
    return new CpuDevice(config.threads(cores, job.launch().localSize()), cap);
  }

  private static Equipment onHost(
      Job job,
      Configuration configuration,
      LongFunction<Device> open,
      Map<String, String> description) {
    Function<Communicator, Ranks> join =
        group -> new Ranks(group, new HostCollectives(group, job.timer().timeline()));
    long cap =
        MemoryLimits.inHostMemory(
            job.launch(),
            configuration.get(MemoryConfig.SECTION),
            job.line().memoryCap().orElse(MemoryCount.UNCAPPED));
    Device device = open.apply(cap);
    return new Equipment(
        open, cap, device, join, join.apply(job.world()), withCap(job, description), device::close);
  }

  private static Equipment onGpu(Job job, Configuration configuration, int together) {
    DeviceConfig config = configuration.get(DeviceConfig.SECTION);
    CudaOptions options =
        new CudaOptions(
            job.gpu().ordinal(),
            config.precision() == Precision.BF16 ? DType.BF16 : DType.F32,
            config.deterministic(),
            config.causalBlock(),
            KernelCache.folder(job.environment()),
            together,
            MemoryCount.UNCAPPED);
    LongFunction<Device> open = cap -> new CudaDevice(options.withMemoryCap(cap));
    long cap = job.line().memoryCap().orElse(MemoryCount.UNCAPPED);
    Device device = open.apply(cap);
    follow(job, device);
    if (job.environment().containsKey(PROFILER)) {
      device.showToProfiler();
    }
    try {
      TransportChoice choice = GpuLinks.choose(job, configuration, device, together > 1);
      GpuTransports transports = new GpuTransports(choice);
      Function<Communicator, Ranks> join = group -> join(job, choice, transports, group);
      Runnable close =
          () -> {
            transports.close();
            device.close();
          };
      return new Equipment(
          open,
          cap,
          device,
          join,
          join.apply(job.world()),
          withCap(job, GpuLinks.rows(job, choice)),
          close);
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
  }

  /**
   * Called by every rank of the group.
   *
   * @param group for host memory
   */
  private static Ranks join(
      Job job, TransportChoice choice, GpuTransports transports, Communicator group) {
    Communicator world = new DeviceCommunicator(group, transports);
    return new Ranks(
        world,
        group.size() > 1 && choice.collectives() == TransportKind.NCCL
            ? transports.collectives(group)
            : new HostCollectives(world, job.timer().timeline()));
  }

  /** Makes the phases of this rank ranges of that device, and of no other. */
  public static void follow(Job job, Device device) {
    job.timer().follow(phase -> device.range(phase::title)::close);
  }

  private static Map<String, String> withCap(Job job, Map<String, String> description) {
    Map<String, String> rows = new LinkedHashMap<>(description);
    job.line().memoryCap().ifPresent(cap -> rows.put("memory cap", Units.bytes(cap)));
    return rows;
  }

  @Override
  public void close() {
    onClose.run();
  }
}
