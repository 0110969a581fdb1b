package ringattention.bench.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import ringattention.bench.Repeats;
import ringattention.bench.attention.HopTimes.Hop;
import ringattention.comm.ForwardingCommunicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.reference.ReferenceDevice;

class HopTimesTest {
  private static final long SLOW = 20_000_000; // ns between hosts

  /** Four ranks on two hosts, with a slow link between them. */
  private static List<Hop> measured() {
    List<String> hosts = List.of("a", "a", "b", "b");
    return LocalCommunicator.run(
            hosts.size(),
            world -> {
              var linked =
                  new ForwardingCommunicator(world) {
                    @Override
                    public Request sendReceive(
                        List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
                      Request request = super.sendReceive(send, to, receive, from);
                      boolean slow =
                          !receive.isEmpty() && !hosts.get(from).equals(hosts.get(rank()));
                      return () -> {
                        request.await();
                        LockSupport.parkNanos(slow ? SLOW : 0);
                      };
                    }
                  };
              try (ReferenceDevice device = new ReferenceDevice(Long.MAX_VALUE)) {
                Repeats repeats = new Repeats(1, 3, 0, 0, System::nanoTime, device);
                return new HopTimes(linked, hosts, device, repeats).measure(4096);
              }
            })
        .get(0);
  }

  @Test
  void everyHopIsMeasuredByItsKind() {
    List<Hop> hops = measured();
    assertEquals(List.of(0, 1, 2, 3), hops.stream().map(Hop::from).toList());
    assertEquals(List.of(1, 2, 3, 0), hops.stream().map(Hop::to).toList());
    assertEquals(
        List.of("same-host", "other-host", "same-host", "other-host"),
        hops.stream().map(Hop::kind).toList());
    for (Hop hop : hops) {
      assertEquals(4096, hop.bytes());
      assertEquals(0, hop.wrong(), hop.toString());
      boolean slow = hop.seconds() >= SLOW * 1e-9;
      assertEquals(hop.kind().equals("other-host"), slow, hop.toString());
    }
    assertTrue(hops.get(0).bytesPerS() > hops.get(1).bytesPerS());
  }
}
