package ringattention.config;

/** @param threads of each rank; 0: the machine's cores shared among its ranks */
public record DeviceConfig(DeviceKind kind, int threads) {
  static DeviceConfig read(Table table) {
    return new DeviceConfig(
        table.choice("kind", DeviceKind.AUTO), table.integer("threads", 0, 0, 4096));
  }
}
