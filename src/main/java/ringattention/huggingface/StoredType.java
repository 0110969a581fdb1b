package ringattention.huggingface;

import java.util.Arrays;
import java.util.Optional;

/** Element types of safetensors. Weights are read from the first three and written as them. */
public enum StoredType {
  F32(4),
  BF16(2),
  F16(2),
  F64(8),
  I64(8),
  U64(8),
  I32(4),
  U32(4),
  I16(2),
  U16(2),
  I8(1),
  U8(1),
  BOOL(1),
  F8_E4M3(1),
  F8_E5M2(1);

  private final int bytes;

  StoredType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the bytes of one element. */
  int bytes() {
    return bytes;
  }

  /** Returns how a config.json names the type of weights. */
  String torch() {
    return switch (this) {
      case F32 -> "float32";
      case BF16 -> "bfloat16";
      case F16 -> "float16";
      default -> throw new IllegalArgumentException("weights of type " + this);
    };
  }

  /** Whether weights of this type can be read, and written. */
  boolean isWeight() {
    return this == F32 || this == BF16 || this == F16;
  }

  static Optional<StoredType> of(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }
}
