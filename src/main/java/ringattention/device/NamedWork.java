package ringattention.device;

/** Work under a name, from where it was opened to where it is closed. */
@FunctionalInterface
public interface NamedWork extends AutoCloseable {
  /** Named by nobody. */
  NamedWork NONE = () -> {};

  @Override
  void close();
}
