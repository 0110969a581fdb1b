package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Launch;
import ringattention.comm.MpiJob;
import ringattention.command.Sections;
import ringattention.device.Allocator.Purpose;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.run.AvailableMemory;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;

/** What a host has is the limit of ranks that compute in its memory; every plan is held to it. */
class HostRoomTest {
  /** Some 900 GiB of weights, moments and gradients. */
  private static final List<String> HUGE =
      List.of("-D", "model.hidden=8192", "-D", "model.layers=64", "-D", "model.heads=64");

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void program() {
    program = new Program(folder);
  }

  private MpiJob.Result run(int ranks, String words, List<String> more) {
    List<String> arguments = new ArrayList<>(List.of(words.split(" ")));
    arguments.add(program.file("small.toml").toString());
    arguments.addAll(more);
    return program.inProcess(ranks, arguments.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "train, cpu",
    "train --dry-run, cpu",
    "plan, cpu",
    "train, reference",
    "plan, reference"
  })
  void aPlanAboveItIsRefused(String words, String kind) throws Exception {
    List<String> more = new ArrayList<>(HUGE);
    more.addAll(List.of("-D", "device.kind=" + kind));
    if (!words.equals("plan")) {
      more.addAll(List.of("-o", program.file("run").toString()));
    }
    MpiJob.Result result = run(2, words, more);
    assertEquals(2, result.exitCode(), result.output());
    String key = kind.equals("cpu") ? "train.sequence = " : "device.kind = ";
    assertTrue(result.output().contains(key), result.output());
    assertTrue(Files.notExists(program.file("run")), "nothing is written");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(3, files.count());
    }
  }

  /** The host's memory changes meanwhile, by less than half. */
  @Test
  void ranksShareTheHost() {
    MemoryConfig free = Sections.INPUTS.defaults(List.of()).get(MemoryConfig.SECTION);
    long alone = MemoryLimits.inHostMemory(new Launch(true, 0, 1, false), free, Long.MAX_VALUE);
    long shared = MemoryLimits.inHostMemory(new Launch(true, 0, 8, false), free, Long.MAX_VALUE);
    assertTrue(alone < AvailableMemory.here().bytes() * 1.5, alone + " bytes");
    assertEquals(8, (double) alone / shared, 4);
    assertEquals(5, MemoryLimits.inHostMemory(new Launch(true, 0, 8, false), free, 5));
    MemoryConfig granted = free.withDeviceGiB(1e6);
    assertEquals(
        Long.MAX_VALUE,
        MemoryLimits.inHostMemory(new Launch(true, 0, 8, false), granted, Long.MAX_VALUE));
  }

  /** On the host or on the device, it is the same memory. */
  @Test
  void whatIsOnTheHostTakesOfTheDevicesRoom() {
    MemoryPlan plan = new MemoryPlan();
    plan.allocate("on the device", Purpose.ACTIVATIONS, DType.F32, new Dim("words", 1024));
    plan.allocate("on the host", Purpose.OFFLOADED, DType.F32, new Dim("words", 512));
    assertTrue(new MemoryLimits(4096, 2048, 6144, false).hold(plan));
    assertTrue(new MemoryLimits(4096, 2048).hold(plan));
    assertFalse(new MemoryLimits(4096, 2048, 6143, false).hold(plan));
    assertFalse(new MemoryLimits(4095, 2048).hold(plan));
    assertFalse(new MemoryLimits(4096, 2047).hold(plan));
  }
}
