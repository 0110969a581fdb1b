package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.Communicator.Element;
import ringattention.comm.Communicator.Request;

/** In steps of any size a collective has the results, to the last bit, that it has at once. */
@Timeout(30)
class PartsTogetherTest {
  private static final int[] BUFFERS = {1, 64, 100, 129, 4096};
  private static final int[] ELEMENTS = {0, 1, 2, 3, 7, 8, 9, 16, 17, 100};

  /** Writes down how large the steps are. */
  private static final class Steps extends ForwardingCommunicator {
    private final List<Integer> wholes = new ArrayList<>();

    Steps(Communicator below) {
      super(below);
    }

    @Override
    public Request allGather(ByteBuffer send, ByteBuffer receive) {
      wholes.add(receive.remaining());
      return super.allGather(send, receive);
    }

    @Override
    public Request reduceScatter(Element element, ByteBuffer send, ByteBuffer receive) {
      wholes.add(send.remaining());
      return super.reduceScatter(element, send, receive);
    }
  }

  private static void eachBuffer(int ranks, BiConsumer<Steps, PartsTogether> body) {
    for (int bufferBytes : BUFFERS) {
      LocalCommunicator.run(
          ranks,
          world -> {
            Steps steps = new Steps(world);
            body.accept(steps, new PartsTogether(steps, bufferBytes));
            int most = Math.max(bufferBytes, Double.BYTES * ranks);
            assertTrue(steps.wholes.stream().allMatch(bytes -> bytes <= most), "" + steps.wholes);
            return null;
          });
    }
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 3, 4})
  void gathers(int ranks) {
    eachBuffer(
        ranks,
        (world, together) -> {
          for (int elements : ELEMENTS) {
            List<ByteBuffer> received =
                IntStream.range(0, ranks).mapToObj(i -> empty(elements)).toList();
            together.allGather(numbers(elements, world.rank()), received).await();
            for (int rank = 0; rank < ranks; rank++) {
              assertEquals(numbers(elements, rank), received.get(rank));
            }
          }
        });
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 3, 4})
  void sums(int ranks) {
    eachBuffer(
        ranks,
        (world, together) -> {
          for (Element element : Element.values()) {
            for (int elements : ELEMENTS) {
              ByteBuffer send = numbers(elements * ranks, world.rank());
              ByteBuffer expected = empty(elements);
              world.below().reduceScatter(element, send, expected).await();
              ByteBuffer sum = empty(elements);
              together.reduceScatter(element, Arguments.parts(send, ranks), sum).await();
              assertEquals(expected, sum);
            }
          }
        });
  }

  /** Two in flight, the second awaited first, each twice: their buffers must not be mixed up. */
  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 3})
  void twoInFlight(int ranks) {
    eachBuffer(
        ranks,
        (world, together) -> {
          for (int round = 0; round < 3; round++) {
            List<ByteBuffer> received = IntStream.range(0, ranks).mapToObj(i -> empty(9)).toList();
            ByteBuffer send = numbers(9 * ranks, world.rank());
            ByteBuffer expected = empty(9);
            world.below().reduceScatter(Element.F32, send, expected).await();
            ByteBuffer sum = empty(9);
            Request gather = together.allGather(numbers(9, world.rank()), received);
            Request scatter =
                together.reduceScatter(Element.F32, Arguments.parts(send, ranks), sum);
            scatter.await();
            gather.await();
            scatter.await();
            gather.await();
            assertEquals(expected, sum);
            for (int rank = 0; rank < ranks; rank++) {
              assertEquals(numbers(9, rank), received.get(rank));
            }
          }
        });
  }

  private static ByteBuffer empty(int elements) {
    return ByteBuffer.allocateDirect(elements * Double.BYTES).order(ByteOrder.nativeOrder());
  }

  /** Of very different sizes, so that another order of a sum has other bits. */
  private static ByteBuffer numbers(int elements, int seed) {
    ByteBuffer buffer = empty(elements);
    for (int i = 0; i < 2 * elements; i++) {
      buffer.putFloat(Float.BYTES * i, (float) Math.pow(-10, (i * 7 + seed * 5) % 11) / (3 + seed));
    }
    return buffer;
  }
}
