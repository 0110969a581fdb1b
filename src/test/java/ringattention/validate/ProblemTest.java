package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.Communicator;
import ringattention.data.Sample;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.random.Seed;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.shard.SequenceLayout;
import ringattention.validate.AttentionProblem.Input;

/** The problems that checks solve, and what differences are measured by. */
class ProblemTest {
  private static final AttentionProblem ATTENTION =
      new AttentionProblem(9, 2, new HeadCounts(4, 2, 6), Mask.CAUSAL, LayoutKind.ZIGZAG, 1);
  private static final TransformerProblem TRANSFORMER =
      TransformerProblem.small(10, 4, Mask.FULL, LayoutKind.STRIPED, 1);

  @Test
  void problemsSayWhatTheyAre() {
    assertEquals("zigzag, causal, 9 tokens x 2, heads 4/2 x 6", ATTENTION.toString());
    assertEquals(
        "zigzag, causal, 2 documents, 9 tokens x 1, heads 4/2 x 6",
        ATTENTION.packed(Documents.startingAt(0, 4)).toString());
    assertEquals("10 tokens", TRANSFORMER.tokens());
    assertEquals("10 tokens, 2 documents", TRANSFORMER.packed(two()).tokens());
  }

  private static Documents two() {
    return Documents.startingAt(0, 4);
  }

  /** Inputs are numbers of variance 1 that the type holds exactly. */
  @Test
  void inputsAreRoundedToTheType() {
    assertEquals(2 * 4 * 6, ATTENTION.rowSize(Input.QUERY));
    assertEquals(2 * 2 * 6, ATTENTION.rowSize(Input.VALUE));
    int[] positions = new int[9];
    for (int i = 0; i < 9; i++) {
      positions[i] = i;
    }
    double squares = 0;
    double[] exact = ATTENTION.rows(Input.QUERY, positions, DType.F64);
    double[] rounded = ATTENTION.rows(Input.QUERY, positions, DType.BF16);
    Set<Double> different = new HashSet<>();
    for (int i = 0; i < exact.length; i++) {
      assertEquals((float) exact[i], exact[i]);
      assertEquals(0, Float.floatToIntBits((float) rounded[i]) & 0xFFFF);
      assertEquals(exact[i], rounded[i], Math.abs(exact[i]) * 0x1p-7);
      squares += exact[i] * exact[i];
      different.add(exact[i]);
    }
    assertEquals(1, squares / exact.length, 0.2);
    assertEquals(exact.length, different.size());
    assertThrows(
        IllegalArgumentException.class, () -> ATTENTION.rows(Input.QUERY, positions, DType.I32));
  }

  @Test
  void sequencesHaveTheirOwnTokensAndRestartedPositions() {
    Sample[] sequences = TRANSFORMER.sequences();
    assertEquals(4, sequences.length);
    Set<List<Integer>> different = new HashSet<>();
    for (Sample sequence : sequences) {
      assertEquals(10, sequence.tokens().length);
      for (int i = 0; i < 9; i++) {
        assertEquals(sequence.tokens()[i + 1], sequence.labels()[i]);
        assertTrue(sequence.tokens()[i] >= 0 && sequence.tokens()[i] < 61);
      }
      different.add(Arrays.stream(sequence.tokens()).boxed().toList());
    }
    assertEquals(4, different.size());
    assertEquals(1.0 / 40, TRANSFORMER.scale());
    Sample packed = TRANSFORMER.packed(two()).sequences()[0];
    assertArrayEquals(new int[] {0, 1, 2, 3, 0, 1, 2, 3, 4, 5}, packed.positions());
    assertArrayEquals(sequences[0].tokens(), packed.tokens());
  }

  /** Any rank, and any later version, makes the same inputs of the same seed. */
  @Test
  void inputsAreTheNumbersOfTheirPlaces() {
    Seed queries = Seed.of(1, "QUERY"); // [9 positions, 2 * 4 heads, 6]
    double[] rows = ATTENTION.rows(Input.QUERY, new int[] {0, 5}, DType.F32);
    assertEquals((float) queries.bell(0), rows[0]);
    assertEquals((float) queries.bell(5 * 48 + 7 * 6 + 4), rows[48 + 7 * 6 + 4]);
    assertEquals((float) queries.bell(5 * 48 + 1 * 6 + 5), rows[48 + 1 * 6 + 5]);
    Seed tokens = Seed.of(1, "tokens"); // [4 sequences, 10 tokens and the last label]
    Sample[] sequences = TRANSFORMER.sequences();
    assertEquals(Long.remainderUnsigned(tokens.bits(7), 61), sequences[0].tokens()[7]);
    assertEquals(Long.remainderUnsigned(tokens.bits(2 * 11 + 3), 61), sequences[2].tokens()[3]);
    assertEquals(Long.remainderUnsigned(tokens.bits(3 * 11 + 10), 61), sequences[3].labels()[9]);
  }

  @Test
  void onlySeveralDocumentsMakeASetupPacked() {
    assertFalse(TRANSFORMER.vanilla().packed());
    assertTrue(TRANSFORMER.packed(two()).vanilla().packed());
  }

  @Test
  void aReplicaTakesItsPartOfTheBatch() {
    assertEquals(2, TRANSFORMER.ring(Mesh.of(6, 3)).batch());
    assertEquals(4, TRANSFORMER.vanilla().batch());
  }

  /** Where a boundary may go wrong, there is one. */
  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void documentsBeginWhereShardsDo(LayoutKind kind) {
    for (int ranks = 1; ranks <= 4; ranks++) {
      SequenceLayout layout = SequenceLayout.of(kind, 40, ranks);
      int rank = ranks / 2;
      for (long seed = 0; seed < 5; seed++) {
        Documents few = Packing.of(2, layout, seed);
        Documents many = Packing.of(9, layout, seed);
        assertEquals(2, few.count());
        assertEquals(9, many.count());
        assertTrue(many.starts().contains(layout.position(rank, 0)));
        assertTrue(many.starts().contains(layout.position(rank, layout.size(rank) / 2)));
        assertTrue(many.lengths(40).contains(1), many.toString());
        assertEquals(40, many.lengths(40).stream().mapToInt(Integer::intValue).sum());
      }
      assertEquals(40, Packing.of(40, layout, 1).count());
    }
  }

  @Test
  void ranksThatExchangeNothingHaveNoCollectives() {
    Communicator alone = new Unconnected(1, 3);
    assertEquals("", alone.host());
    assertEquals("ranks that exchange nothing", alone.description());
    alone.sendReceive(List.of(), 2, List.of(), 0).await();
    alone.close();
    ByteBuffer bytes = ByteBuffer.allocate(0);
    for (Executable refused :
        List.<Executable>of(
            () -> alone.split(1),
            alone::self,
            alone::barrier,
            () -> alone.allGather(bytes, bytes),
            () -> alone.reduceScatter(Communicator.Element.F32, bytes, bytes),
            () -> alone.allReduce(new double[1], Communicator.Operation.SUM),
            () -> alone.gather(new byte[0]),
            () -> alone.broadcast(new byte[0]),
            () -> alone.abort(1))) {
      assertThrows(UnsupportedOperationException.class, refused);
    }
  }
}
