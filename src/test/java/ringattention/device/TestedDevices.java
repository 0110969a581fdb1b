package ringattention.device;

import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import ringattention.device.reference.ReferenceDevice;

/** The devices that the contract tests run on: a new device is one more line. */
final class TestedDevices {
  private TestedDevices() {}

  static Stream<Named<Supplier<Device>>> all() {
    return Stream.of(Named.of("reference", ReferenceDevice::new));
  }
}
