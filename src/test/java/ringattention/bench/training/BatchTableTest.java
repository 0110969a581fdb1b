package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import ringattention.bench.training.BatchTable.Row;
import ringattention.bench.training.TrainingTable.Subject;
import ringattention.metrics.Mfu;
import ringattention.report.PeakBytes;

class BatchTableTest {
  private static final long GIB = 1L << 30;

  @Test
  void rowsAsOthersReadThem() {
    BatchTable table = new BatchTable();
    Subject subject = new Subject("7B", 32, 65536, 2, "inputs", "none");
    PeakBytes memory = new PeakBytes(60 * GIB, 61 * GIB, 0, 0);
    Mfu mfu = new Mfu(0.25, 0.5, 0.375);
    table.row(new Row(subject, "ring", 1L << 21, 32, 2, 256, mfu, 5e14, memory, 0.125));
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
