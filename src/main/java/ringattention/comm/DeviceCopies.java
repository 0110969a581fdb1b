package ringattention.comm;

import java.nio.ByteBuffer;

/**
 * Copies between a device's memory and the host's. Each copies the whole of its first buffer; both
 * have the same size, and neither may be touched before the request was awaited.
 */
public interface DeviceCopies {
  /** Host memory the device copies to and from at full speed; lives as long as the device. */
  ByteBuffer pinned(int bytes);

  Communicator.Request toHost(ByteBuffer device, ByteBuffer host);

  Communicator.Request toDevice(ByteBuffer host, ByteBuffer device);

  Communicator.Request within(ByteBuffer from, ByteBuffer to);
}
