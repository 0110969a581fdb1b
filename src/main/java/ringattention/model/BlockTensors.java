package ringattention.model;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import ringattention.device.Completion;

/**
 * One kind of tensor that blocks keep for the backward: where each block's is now, on the device,
 * on the host or in one of the windows between them.
 */
final class BlockTensors<T> {
  private final List<T> onDevice;
  private final List<T> windows;
  private final Completion[] left; // by block: its copy to the host
  private final Completion[] came; // by window: the last copy in
  private final int[] lastLeft; // by window: whose copy to the host was the last
  private final int[] held; // by window: the block whose tensor it holds
  private final List<T> onHost;
  private final Consumer<Completion> waitFor;

  /**
   * @param onDevice by block, null where it is not there
   * @param onHost likewise
   * @param waitFor makes the device wait for a copy
   */
  BlockTensors(List<T> onDevice, List<T> onHost, List<T> windows, Consumer<Completion> waitFor) {
    this.onDevice = onDevice;
    this.onHost = onHost;
    this.windows = windows;
    this.waitFor = waitFor;
    this.left = new Completion[onHost.size()];
    this.came = new Completion[windows.size()];
    this.lastLeft = new int[windows.size()];
    this.held = new int[windows.size()];
    Arrays.fill(left, Completion.DONE);
    Arrays.fill(came, Completion.DONE);
    Arrays.fill(lastLeft, -1);
    Arrays.fill(held, -1);
  }

  private boolean inWindow(int block) {
    return onDevice.get(block) == null;
  }

  private int index(int block) {
    return block % windows.size();
  }

  T window(int block) {
    return windows.get(index(block));
  }

  T at(int block) {
    return inWindow(block) ? window(block) : onDevice.get(block);
  }

  boolean holds(int block) {
    return held[index(block)] == block;
  }

  /** The window's former contents must have left for the host. */
  void make(int block) {
    if (inWindow(block)) {
      int window = index(block);
      if (lastLeft[window] >= 0) {
        waitFor.accept(left[lastLeft[window]]);
        lastLeft[window] = -1;
      }
      held[window] = block;
    }
  }

  /** Returns the copy of a block's to the host. */
  Completion left(int block) {
    return left[block];
  }

  void leaves(int block, Completion copied) {
    left[block] = copied;
    lastLeft[index(block)] = block;
  }

  void comes(int block, Completion copied) {
    came[index(block)] = copied;
    held[index(block)] = block;
  }

  void arrive(int block) {
    if (inWindow(block) && onHost.get(block) != null) {
      waitFor.accept(came[index(block)]);
      waitFor.accept(left[block]); // the backward overwrites what it has used
    }
  }
}
