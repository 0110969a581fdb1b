package ringattention.parallel;

import java.util.function.DoubleBinaryOperator;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.reference.ReferenceDevice;

/**
 * A reference device that copies between types, and adds one to another, as GPUs do: what travels
 * may be of another type than what is summed.
 */
final class ConvertingDevice {
  private ConvertingDevice() {}

  static Device make() {
    Device reference = new ReferenceDevice();
    return WatchedDevice.around(
        reference,
        (method, arguments, call) -> {
          if (method.equals("copy") && differ(arguments)) {
            return combine(reference, arguments[1], arguments[0], (was, from) -> from);
          }
          if (method.equals("add") && differ(arguments)) {
            return combine(reference, arguments[0], arguments[1], Double::sum);
          }
          return call.make();
        });
  }

  private static boolean differ(Object[] tensors) {
    return ((Tensor) tensors[0]).dtype() != ((Tensor) tensors[1]).dtype();
  }

  private static Object combine(
      Device device, Object to, Object from, DoubleBinaryOperator operation) {
    double[] values = device.read((Tensor) to);
    double[] others = device.read((Tensor) from);
    for (int i = 0; i < values.length; i++) {
      values[i] = operation.applyAsDouble(values[i], others[i]);
    }
    device.write((Tensor) to, values);
    return null;
  }
}
