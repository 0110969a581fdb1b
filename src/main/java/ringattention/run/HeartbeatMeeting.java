package ringattention.run;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import ringattention.comm.Communicator;

/**
 * How the ranks of a {@link HostTree} come by their connections: those with ranks below listen at a
 * port that the system picks, say by MPI at which addresses, and the ranks below connect with a
 * word that only this job knows.
 */
final class HeartbeatMeeting implements AutoCloseable {
  private static final int WORD = 16; // bytes
  private static final int ONE_ADDRESS = 2_000; // milliseconds

  private final Communicator world;
  private final HostTree tree;
  private final int patience; // milliseconds
  private final List<HeartbeatLink> links = new ArrayList<>();
  private ServerSocketChannel server; // null with no rank below
  private byte[] word;

  /**
   * @param patience milliseconds in which all must have connected
   */
  HeartbeatMeeting(Communicator world, HostTree tree, int patience) {
    this.world = world;
    this.tree = tree;
    this.patience = patience;
  }

  /**
   * Connects this rank with those above and below. Collective; nobody throws alone.
   *
   * @return the connections; none on any rank if one could not be made
   * @throws UncheckedIOException on every rank, whose message says between whom and why
   */
  List<HeartbeatLink> hold() {
    Agreement agreement = new Agreement(world);
    String problem = "";
    String place = "";
    try {
      place = listen();
    } catch (IOException e) {
      problem = "rank " + world.rank() + " cannot listen: " + e;
    }
    List<String> places = agreement.gather(place);
    byte[] drawn = new byte[WORD];
    new SecureRandom().nextBytes(drawn);
    word = world.broadcast(drawn);
    try {
      if (problem.isEmpty() && world.rank() > 0) {
        connect(tree.above(world.rank()), places.get(tree.above(world.rank())));
      }
      if (problem.isEmpty() && server != null) {
        accept();
      }
    } catch (IOException e) {
      problem = e.getMessage();
    }
    List<String> problems = agreement.gather(problem == null ? "unknown" : problem);
    problems.stream()
        .filter(text -> !text.isEmpty())
        .findFirst()
        .ifPresent(
            text -> {
              links.forEach(HeartbeatLink::close);
              throw new UncheckedIOException(new IOException(text));
            });
    return links;
  }

  /** Returns port and addresses of this rank; empty where no rank is below. */
  private String listen() throws IOException {
    int below = tree.below(world.rank()).size();
    if (below == 0) {
      return "";
    }
    server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(0), below);
    StringJoiner place = new StringJoiner(" ");
    place.add(Integer.toString(server.socket().getLocalPort()));
    NetworkInterface.networkInterfaces()
        .filter(HeartbeatMeeting::isUp)
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> !address.isLinkLocalAddress() && !address.isMulticastAddress())
        .sorted(
            Comparator.comparing(InetAddress::isLoopbackAddress) // that is for the same host
                .thenComparing(address -> address.getAddress().length))
        .forEach(address -> place.add(address.getHostAddress()));
    return place.toString();
  }

  private static boolean isUp(NetworkInterface network) {
    try {
      return network.isUp();
    } catch (IOException e) { // it has just gone
      return false;
    }
  }

  private void connect(int above, String place) throws IOException {
    List<String> words = Arrays.asList(place.split(" "));
    StringJoiner tried = new StringJoiner(", ");
    for (String address : words.subList(1, words.size())) {
      SocketChannel channel = SocketChannel.open();
      try {
        greet(channel, new InetSocketAddress(address, Integer.parseInt(words.get(0))), above);
        links.add(new HeartbeatLink(above, tree.hosts().get(above), channel));
        return;
      } catch (IOException e) {
        channel.close();
        tried.add(address + ": " + (e.getMessage() == null ? "not let in" : e.getMessage()));
      }
    }
    throw new IOException(
        "rank "
            + world.rank()
            + " on "
            + world.host()
            + " does not reach rank "
            + above
            + " on "
            + tree.hosts().get(above)
            + " ("
            + tried
            + ")");
  }

  /** Another rank may listen at the same address of this host: so the right one answers. */
  private void greet(SocketChannel channel, InetSocketAddress address, int above)
      throws IOException {
    Socket socket = channel.socket();
    socket.connect(address, ONE_ADDRESS);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(patience);
    DataOutputStream greeting = new DataOutputStream(socket.getOutputStream());
    greeting.write(word);
    greeting.writeInt(world.rank());
    if (new DataInputStream(socket.getInputStream()).readInt() != above) {
      throw new IOException("another rank answers");
    }
  }

  private void accept() throws IOException {
    TreeSet<Integer> missing = new TreeSet<>(tree.below(world.rank()));
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patience);
    while (!missing.isEmpty()) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      try {
        server.socket().setSoTimeout((int) Math.max(1, left));
        welcome(server.socket().accept().getChannel(), missing);
      } catch (SocketTimeoutException e) {
        int rank = missing.first();
        throw new IOException(
            "rank " + rank + " on " + tree.hosts().get(rank) + " has not connected", e);
      }
    }
  }

  /** Answers a rank that is missing; lets anybody else go. */
  private void welcome(SocketChannel channel, TreeSet<Integer> missing) throws IOException {
    Socket socket = channel.socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(ONE_ADDRESS);
      DataInputStream greeting = new DataInputStream(socket.getInputStream());
      byte[] said = greeting.readNBytes(WORD);
      int rank = MessageDigest.isEqual(said, word) ? greeting.readInt() : -1;
      if (missing.contains(rank)) {
        new DataOutputStream(socket.getOutputStream()).writeInt(world.rank());
        links.add(new HeartbeatLink(rank, tree.hosts().get(rank), channel));
        missing.remove(rank);
        return;
      }
    } catch (IOException e) { // a stranger, or a rank that tries another address
      channel.close();
      return;
    }
    channel.close();
  }

  /** Ends listening. */
  @Override
  public void close() throws IOException {
    if (server != null) {
      server.close();
    }
  }
}
