package ringattention.device;

/** Work under a name, from where it was opened to where it is closed. */
@FunctionalInterface
public interface Range extends AutoCloseable {
  /** Named by nobody. */
  Range NONE = () -> {};

  @Override
  void close();
}
