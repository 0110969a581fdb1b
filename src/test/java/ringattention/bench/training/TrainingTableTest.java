package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.bench.training.TrainingTable.Batch;
import ringattention.bench.training.TrainingTable.Rehearsal;
import ringattention.bench.training.TrainingTable.Steps;
import ringattention.bench.training.TrainingTable.Subject;
import ringattention.metrics.Mfu;
import ringattention.report.BenchTable;
import ringattention.report.PeakBytes;

class TrainingTableTest {
  private static final long GIB = 1L << 30;
  private static final Subject SUBJECT = new Subject("7B", 32, 65536, 2, "inputs", "none");
  private static final PeakBytes MEMORY = new PeakBytes(60 * GIB, 61 * GIB, 2 * GIB, 3 * GIB);

  @Test
  void stepsAsOthersReadThem() {
    BenchTable<Steps> table = TrainingTable.ofSteps();
    table.row(
        new Steps(
            SUBJECT, 8, 3 * 65536, 5e15, Optional.of(new Mfu(0.25, 0.5, 0.375)), MEMORY, 0.125));
    table.row(new Steps(SUBJECT, 8, 65536, Double.NaN, Optional.empty(), MEMORY, 0));
    assertEquals(
        """
        model,layers,tokens,ranks,saved,offload,step_s,tokens_per_s,mfu_causal,mfu_paper,\
        mfu_hardware,planned_gib,peak_gib,exposed_wait_s,hardware_tflop
        7B,32,65536,2,inputs,none,8.0,24576.0,0.25,0.5,0.375,60.0,61.0,0.125,5000.0
        7B,32,65536,2,inputs,none,8.0,8192.0,NaN,NaN,NaN,60.0,61.0,0.0,NaN
        """,
        table.csv());
  }

  @Test
  void rehearsalsAsOthersReadThem() {
    BenchTable<Rehearsal> table = TrainingTable.ofRehearsals();
    table.row(new Rehearsal(SUBJECT, 32, 100, 2, 30, MEMORY));
    assertEquals(
        """
        model,layers,tokens,ranks,saved,offload,forward_blocks,forward_s,backward_blocks,\
        backward_s,planned_gib,peak_gib,planned_host_gib,peak_host_gib
        7B,32,65536,2,inputs,none,32,100.0,2,30.0,60.0,61.0,2.0,3.0
        """,
        table.csv());
  }

  @Test
  void batchesAsOthersReadThem() {
    BenchTable<Batch> table = TrainingTable.ofBatches();
    Optional<Mfu> mfu = Optional.of(new Mfu(0.25, 0.5, 0.375));
    Steps steps = new Steps(SUBJECT, 256, 1L << 21, 1e17, mfu, MEMORY, 0.125);
    table.row(new Batch("ring", 32, 2, steps, 5e14));
    assertEquals(
        """
        model,layers,architecture,ranks,tokens,batch_tokens,micro_batches,\
        micro_batches_measured,saved,offload,step_s,tokens_per_s,mfu_causal,mfu_paper,\
        mfu_hardware,peak_tflops,planned_gib,peak_gib,exposed_wait_s
        7B,32,ring,2,65536,2097152,32,2,inputs,none,256.0,8192.0,0.25,0.5,0.375,500.0,60.0,61.0,\
        0.125
        """,
        table.csv());
  }
}
