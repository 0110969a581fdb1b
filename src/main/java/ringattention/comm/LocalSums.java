package ringattention.comm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import ringattention.comm.LocalCommunicator.Gather;
import ringattention.comm.LocalCommunicator.Scatter;

/**
 * The arithmetic of in-process collectives: over the contributions of all ranks at once, always in
 * rank order.
 */
final class LocalSums {
  private LocalSums() {}

  static Void gather(List<Gather> ranks) {
    for (Gather receiver : ranks) {
      for (int rank = 0; rank < ranks.size(); rank++) {
        receiver.receive().get(rank).duplicate().put(ranks.get(rank).send().duplicate());
      }
    }
    return null;
  }

  static Void reduceScatter(Communicator.Element element, List<Scatter> ranks) {
    for (int rank = 0; rank < ranks.size(); rank++) {
      ByteBuffer receive = ranks.get(rank).receive();
      int part = rank;
      List<ByteBuffer> parts =
          ranks.stream()
              .map(sender -> sender.send().get(part).duplicate().order(ByteOrder.nativeOrder()))
              .toList();
      switch (element) {
        case F32 -> sumFloats(parts, receive.order(ByteOrder.nativeOrder()).asFloatBuffer());
        case F64 -> sumDoubles(parts, receive.order(ByteOrder.nativeOrder()).asDoubleBuffer());
      }
    }
    return null;
  }

  private static void sumFloats(List<ByteBuffer> parts, FloatBuffer sum) {
    sum.duplicate().put(parts.get(0).asFloatBuffer());
    for (ByteBuffer part : parts.subList(1, parts.size())) {
      FloatBuffer values = part.asFloatBuffer();
      for (int i = 0; i < sum.limit(); i++) {
        sum.put(i, sum.get(i) + values.get(i));
      }
    }
  }

  private static void sumDoubles(List<ByteBuffer> parts, DoubleBuffer sum) {
    sum.duplicate().put(parts.get(0).asDoubleBuffer());
    for (ByteBuffer part : parts.subList(1, parts.size())) {
      DoubleBuffer values = part.asDoubleBuffer();
      for (int i = 0; i < sum.limit(); i++) {
        sum.put(i, sum.get(i) + values.get(i));
      }
    }
  }

  /** A NaN of any rank is the result: Math.min and Math.max keep it. */
  static Void allReduce(Communicator.Operation operation, List<double[]> ranks) {
    double[] total = ranks.get(0).clone();
    for (double[] values : ranks.subList(1, ranks.size())) {
      for (int i = 0; i < total.length; i++) {
        total[i] =
            switch (operation) {
              case SUM -> total[i] + values[i];
              case MIN -> Math.min(total[i], values[i]);
              case MAX -> Math.max(total[i], values[i]);
            };
      }
    }
    ranks.forEach(values -> System.arraycopy(total, 0, values, 0, total.length));
    return null;
  }
}
