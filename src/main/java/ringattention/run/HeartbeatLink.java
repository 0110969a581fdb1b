package ringattention.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The connection with one rank above or below. Used by one thread at a time; never waits. */
final class HeartbeatLink implements AutoCloseable {
  private static final byte BEAT = 'b';
  private static final byte LOST = 'l'; // somebody is: the job ends
  private static final byte BYE = 'e';
  private static final int MOST = 256; // bytes of a look, many more than come

  private final int rank;
  private final String host;
  private final SocketChannel channel;
  private final ByteBuffer received = ByteBuffer.allocate(MOST);
  private long silent; // nanoseconds
  private boolean closed; // by the other side, or broken
  private boolean ended;
  private boolean told;

  /**
   * @param rank of the other side
   * @param channel closed with this
   */
  HeartbeatLink(int rank, String host, SocketChannel channel) throws IOException {
    this.rank = rank;
    this.host = host;
    this.channel = channel;
    channel.configureBlocking(false);
  }

  /**
   * Sends a sign of life and looks for one.
   *
   * @param nanoseconds since the last look
   */
  void exchange(long nanoseconds) {
    send(BEAT);
    silent += nanoseconds;
    receive();
  }

  private void receive() {
    if (closed) {
      return;
    }
    received.clear();
    try {
      int bytes = channel.read(received);
      closed = bytes < 0;
    } catch (IOException e) {
      closed = true;
    }
    received.flip();
    while (received.hasRemaining()) {
      silent = 0;
      byte word = received.get();
      ended |= word == BYE;
      told |= word == LOST;
    }
  }

  /** What does not fit any more is left out: the other side has long not listened. */
  private void send(byte word) {
    if (closed) {
      return;
    }
    try {
      channel.write(ByteBuffer.wrap(new byte[] {word}));
    } catch (IOException e) { // what it sent before may still be there
      receive();
      closed = true;
    }
  }

  /** Returns how long nothing has come; 0 once the other side has ended as it should. */
  long silent() {
    return ended ? 0 : silent;
  }

  /** Returns whether the other side has said that somebody is lost. */
  boolean told() {
    return told;
  }

  /** Says that somebody is lost. */
  void tell() {
    send(LOST);
  }

  /** Returns who is at the other side, and whether it still holds the connection. */
  String peer() {
    return "rank " + rank + " on " + host + (closed ? ", whose connection is closed," : "");
  }

  /** Says that this side ends as it should. */
  @Override
  public void close() {
    send(BYE);
    receive(); // closing with bytes unread would cut off what was sent
    try {
      channel.close();
    } catch (IOException e) { // it is of no more use
      closed = true;
    }
  }
}
