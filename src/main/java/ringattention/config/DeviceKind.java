package ringattention.config;

/** Where ranks compute. */
public enum DeviceKind {
  /** The fastest there is. */
  AUTO,
  /** float32 on the host's cores. */
  CPU,
  /** float64 in plain loops: the truth, slowly. */
  REFERENCE
}
