package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of a host with 8000 KiB available, in control groups of both versions. */
class AvailableMemoryTest {
  private static final long AVAILABLE = 8000 * 1024;

  @TempDir Path folder;

  @BeforeEach
  void host() {
    write("proc/meminfo", "MemTotal:  10000 kB\nMemFree:  100 kB\nMemAvailable:    8000 kB\n");
  }

  private void write(String name, String text) {
    try {
      Files.createDirectories(folder.resolve(name).getParent());
      Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private long bytes() {
    return new AvailableMemory(folder.resolve("proc"), folder.resolve("cgroup")).bytes();
  }

  @Test
  void withoutControlGroupsTheHostIsTheLimit() {
    assertEquals(AVAILABLE, bytes());
  }

  @Test
  void nothingKnownIsNoLimit() throws IOException {
    Files.delete(folder.resolve("proc/meminfo"));
    assertEquals(Long.MAX_VALUE, bytes());
  }

  @Test
  void theGroupsLimitLessWhatItUses() {
    write("proc/self/cgroup", "0::/user.slice/job\n");
    write("cgroup/user.slice/job/memory.max", "5000000\n");
    write("cgroup/user.slice/job/memory.current", "3000000\n");
    assertEquals(2_000_000, bytes());
    write("cgroup/user.slice/job/memory.stat", "anon 1\ninactive_file 500000\nactive_file 7\n");
    assertEquals(2_500_000, bytes());
  }

  /** A batch system limits the job; its steps and tasks have no limit of their own. */
  @Test
  void theSmallestOfAllGroupsAbove() {
    write("proc/self/cgroup", "0::/slurm/job_7/step_0/task_3\n");
    write("cgroup/slurm/job_7/step_0/task_3/memory.max", "max\n");
    write("cgroup/slurm/job_7/step_0/memory.max", "6000000\n");
    write("cgroup/slurm/job_7/memory.max", "4000000\n");
    write("cgroup/slurm/job_7/memory.current", "1000000\n");
    assertEquals(3_000_000, bytes());
  }

  @Test
  void firstVersion() {
    write("proc/self/cgroup", "9:cpu,cpuacct:/\n4:hugetlb,memory:/job/step\n0::/\n");
    write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("cgroup/memory/memory.usage_in_bytes", "9000000\n");
    assertEquals(AVAILABLE, bytes());
    write("cgroup/memory/job/memory.limit_in_bytes", "5000000\n");
    write("cgroup/memory/job/memory.usage_in_bytes", "4500000\n");
    write("cgroup/memory/job/memory.stat", "inactive_file 1\ntotal_inactive_file 1500000\n");
    assertEquals(2_000_000, bytes());
  }

  /** The path is the host's; only the container's own group is mounted, as the root. */
  @Test
  void inAContainerTheRootIsTheLimit() {
    write("proc/self/cgroup", "0::/docker/0123\n");
    write("cgroup/memory.max", "7000000\n");
    write("cgroup/memory.current", "100000\n");
    assertEquals(6_900_000, bytes());
  }

  @Test
  void aGroupAboveItsLimitHasNothing() {
    write("proc/self/cgroup", "0::/a\n");
    write("cgroup/a/memory.max", "1000\n");
    write("cgroup/a/memory.current", "3000\n");
    assertEquals(0, bytes());
  }
}
