package ringattention.bench.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.report.BenchTable;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem;

class AttentionTableTest {
  private static final AttentionProblem PROBLEM =
      new AttentionProblem(16384, 1, new HeadCounts(32, 8, 128), Mask.CAUSAL, LayoutKind.ZIGZAG, 1)
          .exchanged(2, 4);

  @Test
  void gpuColumnsAreExactlyThese() {
    BenchTable<AttentionTable.Row> table = AttentionTable.of(false);
    AttentionTimes times =
        new AttentionTimes(
            "forward",
            8e12,
            new double[] {0, 0, 0},
            new double[] {0.016, 0.015, 0.017},
            new double[] {0, 0, 0},
            new double[] {0.010, 0.008, 0.012},
            0.001,
            new double[0]);
    table.row(new AttentionTable.Row(PROBLEM, 1, DType.BF16, times.ofOneRank(), 0));
    table.row(new AttentionTable.Row(PROBLEM, 2, DType.BF16, times, 3));
    assertEquals(
        "tokens,ranks,head_ranks,head_chunks,layout,mask,heads,key_value_heads,head_size,dtype,pass,time_ms,tflops_per_gpu,"
            + "bound_fraction,exposed_wait_ms,wrong\n"
            + "16384,1,1,1,zigzag,causal,32,8,128,bf16,forward,16.0,500.0,1.0,0.0,0\n"
            + "16384,2,2,4,zigzag,causal,32,8,128,bf16,forward,10.0,400.0,0.8,1.0,3\n",
        table.csv());
  }
}
