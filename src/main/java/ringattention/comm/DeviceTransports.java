package ringattention.comm;

/** How device memory goes between ranks: opens the transports of each group of ranks. */
public interface DeviceTransports {
  /** The transports of one group; closed with its communicator. */
  record Group(MessageTransport messages, CollectiveTransport collectives) {}

  /**
   * Called by every rank of the group, which has two ranks or more.
   *
   * @param host the group's communicator for host memory
   */
  Group open(Communicator host);

  /** Copies in the memory of this rank's device: what a group of one rank needs. */
  DeviceCopies copies();
}
