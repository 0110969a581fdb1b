package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringattention.comm.Communicator;
import ringattention.comm.ForwardingCommunicator;
import ringattention.comm.LocalCommunicator;

@Timeout(60)
class HeartbeatMeetingTest {
  /** A rank that has not heard the job's word; other broadcasts reach it. */
  private static Communicator stranger(Communicator rank) {
    return new ForwardingCommunicator(rank) {
      @Override
      public byte[] broadcast(byte[] bytes) {
        byte[] received = super.broadcast(bytes);
        if (rank() == 1 && bytes != null && bytes.length == 16) {
          received[0]++;
        }
        return received;
      }
    };
  }

  @Test
  void whoDoesNotKnowTheWordIsNotLetIn() {
    HostTree tree = new HostTree(List.of("a", "b"));
    List<String> problems =
        LocalCommunicator.run(
            2,
            world -> {
              try (HeartbeatMeeting meeting = new HeartbeatMeeting(stranger(world), tree, 1_000)) {
                return assertThrows(UncheckedIOException.class, meeting::hold)
                    .getCause()
                    .getMessage();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    String problem = "rank 1 on b has not connected";
    assertEquals(List.of(problem, problem), problems);
  }
}
