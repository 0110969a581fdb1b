package ringattention.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringattention.comm.Communicator;
import ringattention.comm.ForwardingCommunicator;
import ringattention.comm.LocalCommunicator;

@Timeout(60)
class HeartbeatTest {
  private static final double LIMIT = 1; // second

  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final PrintStream errors = new PrintStream(lines, true, UTF_8);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Heartbeat heartbeat =
      new Heartbeat(LocalCommunicator.single(), errors, ended::countDown);

  /** A rank that says it is on such a host. */
  private static Communicator on(String host, Communicator rank) {
    return new ForwardingCommunicator(rank) {
      @Override
      public String host() {
        return host;
      }
    };
  }

  /** The other side of a connection, by hand. */
  private record Peer(Socket socket, HeartbeatLink link) {
    static Peer of(int rank, String host) throws IOException {
      try (ServerSocketChannel server =
          ServerSocketChannel.open()
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
        SocketChannel near = SocketChannel.open(server.getLocalAddress());
        return new Peer(server.accept().socket(), new HeartbeatLink(rank, host, near));
      }
    }

    void say(char word) throws IOException {
      socket.getOutputStream().write(word);
    }
  }

  private String text() {
    return lines.toString(UTF_8);
  }

  @Test
  void ranksThatAreThereAreNotMissed() {
    List<String> hosts = List.of("a", "a", "b", "c", "c");
    AtomicInteger ends = new AtomicInteger();
    LocalCommunicator.run(
        hosts.size(),
        world -> {
          Communicator rank = on(hosts.get(world.rank()), world);
          Heartbeat beats = new Heartbeat(rank, errors, ends::incrementAndGet);
          beats.begin(LIMIT);
          beats.begin(LIMIT); // another command's inputs: nothing more
          pause(3 * LIMIT + world.rank() * LIMIT); // those that leave early are not missed either
          beats.close();
          return null;
        });
    assertEquals("", text());
    assertEquals(0, ends.get());
  }

  @Test
  void silentHostIsNamedAndTheOthersAreTold() throws Exception {
    Peer silent = Peer.of(3, "far");
    Peer near = Peer.of(1, "near");
    long begin = System.nanoTime();
    heartbeat.watch(List.of(silent.link(), near.link()), LIMIT);
    while (!ended.await(50, TimeUnit.MILLISECONDS)) {
      near.say('b');
    }
    assertTrue((System.nanoTime() - begin) * 1e-9 >= LIMIT);
    assertTrue(
        text()
            .matches(
                "ringattention: rank 0 of 1 on \\S+: no word from rank 3 on far for 1 seconds"
                    + " \\(timeout\\.network\\): the job ends\n"),
        text());
    heartbeat.close();
    String heard = new String(near.socket().getInputStream().readAllBytes(), UTF_8);
    assertTrue(heard.matches("b+le"), heard);
  }

  @Test
  void brokenConnectionIsNamed() throws Exception {
    Peer gone = Peer.of(3, "far");
    heartbeat.watch(List.of(gone.link()), LIMIT);
    gone.socket().close();
    assertTrue(ended.await(30, TimeUnit.SECONDS));
    assertTrue(text().contains("rank 3 on far, whose connection is closed, for 1 sec"), text());
  }

  @Test
  void whoIsToldEndsWithoutALine() throws Exception {
    Peer other = Peer.of(0, "far");
    heartbeat.watch(List.of(other.link()), 1000);
    other.say('l');
    assertTrue(ended.await(30, TimeUnit.SECONDS));
    assertEquals("", text());
  }

  @Test
  void whoHasSaidByeIsNotMissed() throws Exception {
    Peer other = Peer.of(0, "far");
    heartbeat.watch(List.of(other.link()), LIMIT);
    other.say('e');
    other.socket().close();
    assertFalse(ended.await((long) (4000 * LIMIT), TimeUnit.MILLISECONDS), text());
    heartbeat.close();
  }

  private static void pause(double seconds) {
    try {
      Thread.sleep((long) (seconds * 1000));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
