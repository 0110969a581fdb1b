package ringattention.device;

/** A named extent of a tensor, so that the memory plan can print the formula behind a size. */
public record Dim(String name, long size) {
  public Dim {
    if (size < 0) {
      throw new IllegalArgumentException("dimension " + name + " is negative: " + size);
    }
  }
}
