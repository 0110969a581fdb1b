package ringattention.device;

import java.util.Map;
import java.util.function.Supplier;
import ringattention.device.reference.ReferenceDevice;

/** The devices that the contract tests run on: a new device is one more line. */
final class TestedDevices {
  private TestedDevices() {}

  static Map<String, Supplier<Device>> all() {
    return Map.of("reference", ReferenceDevice::new);
  }
}
