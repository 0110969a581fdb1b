package ringattention.device;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** A device whose calls, and those of its kernels and its attention, pass by a watcher. */
public final class WatchedDevice {
  private WatchedDevice() {}

  /** Sees every call before it is made, and makes it, or something else. */
  @FunctionalInterface
  public interface Watcher {
    /**
     * @param call makes the call
     * @return what the caller gets
     */
    Object see(String method, Object[] arguments, Call call) throws Throwable;
  }

  /** A call that has not been made yet. */
  @FunctionalInterface
  public interface Call {
    Object make() throws Throwable;
  }

  public static Device around(Device device, Watcher watcher) {
    Kernels kernels = watched(Kernels.class, device.kernels(), watcher);
    BlockAttention attention = watched(BlockAttention.class, device.attention(), watcher);
    DecodeAttention decode = watched(DecodeAttention.class, device.decode(), watcher);
    return watched(
        Device.class,
        device,
        (method, arguments, call) ->
            switch (method) {
              case "kernels" -> kernels;
              case "attention" -> attention;
              case "decode" -> decode;
              default -> watcher.see(method, arguments, call);
            });
  }

  /** The same for another interface, such as a communicator's. */
  public static <T> T watched(Class<T> type, T target, Watcher watcher) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                watcher.see(method.getName(), arguments, () -> invoke(method, target, arguments))));
  }

  private static Object invoke(Method method, Object target, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
