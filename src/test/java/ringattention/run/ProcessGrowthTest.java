package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import ringattention.report.Check;

class ProcessGrowthTest {
  private static final long MIB = 1 << 20;
  private static final int ATTEMPTS = 10; // the JVM opens and closes files of its own meanwhile

  /** Two ranks; the second one's size is a function of the step. */
  private static List<Check> checks(int steps, LongUnaryOperator bytes, LongUnaryOperator files) {
    return ProcessGrowth.checks(
        LongStream.rangeClosed(1, steps / 100)
            .map(hundreds -> 100 * hundreds)
            .mapToObj(
                step ->
                    new ProcessGrowth.Sample(
                        step,
                        List.of(
                            new ProcessSize(900 * MIB, 40),
                            new ProcessSize(bytes.applyAsLong(step), files.applyAsLong(step)))))
            .toList(),
        true);
  }

  private static Check.Verdict memory(LongUnaryOperator bytes) {
    return checks(10_000, bytes, step -> 30).get(0).verdict();
  }

  private static Check.Verdict files(LongUnaryOperator files) {
    return checks(10_000, step -> 300 * MIB, files).get(1).verdict();
  }

  @Test
  void growthUpToFiveHundredStepsIsWarmUp() {
    assertEquals(Check.Verdict.PASSED, memory(step -> Math.min(step, 500) * MIB));
    assertEquals(Check.Verdict.FAILED, memory(step -> Math.min(step, 600) * MIB));
  }

  /** A KiB per step is 9.3 MiB of 300 and more than 3%. */
  @Test
  void aLeakOfAKibibyteAStepIsSeen() {
    assertEquals(Check.Verdict.FAILED, memory(step -> 300 * MIB + step * 1024));
    assertEquals(Check.Verdict.PASSED, memory(step -> 300 * MIB + step * 512));
  }

  @Test
  void oneFileThatStaysOpenIsSeen() {
    assertEquals(Check.Verdict.PASSED, files(step -> 30));
    assertEquals(Check.Verdict.FAILED, files(step -> step < 5000 ? 30 : 31));
    assertEquals(Check.Verdict.PASSED, files(step -> step % 1000 == 0 ? 35 : 30));
  }

  /** Growth of a heap is no fault of the program, but it is said. */
  @Test
  void aHeapThatMayGrowIsNotChecked() {
    List<ProcessGrowth.Sample> samples =
        LongStream.rangeClosed(1, 20)
            .mapToObj(i -> new ProcessGrowth.Sample(100 * i, List.of(new ProcessSize(i * MIB, 9))))
            .toList();
    Check memory = ProcessGrowth.checks(samples, false).get(0);
    assertEquals(Check.Verdict.NOT_CHECKED, memory.verdict());
    assertTrue(memory.formula().startsWith("grew by 300.0% after 500 steps"), memory.formula());
    assertEquals(Check.Verdict.PASSED, ProcessGrowth.checks(samples, false).get(1).verdict());
  }

  @Test
  void shortRunsAreNotChecked() {
    assertEquals(List.of(), checks(1000, step -> step * MIB, step -> step));
    assertEquals(2, checks(1100, step -> step * MIB, step -> step).size());
  }

  @Test
  void thisProcessHasASize() throws IOException {
    ProcessSize size = ProcessSize.now();
    assertTrue(size.residentBytes() > 10 * MIB, size.toString());
    assertTrue(size.openFiles() >= 3, size.toString());
    List<Long> more = new ArrayList<>();
    for (int attempt = 0; attempt < ATTEMPTS && !more.contains(2L); attempt++) {
      long before = ProcessSize.now().openFiles();
      try (InputStream one = new FileInputStream("pom.xml");
          InputStream two = new FileInputStream("pom.xml")) {
        more.add(ProcessSize.now().openFiles() - before);
      }
    }
    assertTrue(more.contains(2L), "two files more are " + more);
  }
}
