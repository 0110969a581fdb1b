package ringattention.bench.kernel;

import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;

/**
 * One kernel's time on one device, with the number of its wrong results.
 *
 * @param seconds of a call
 * @param rate in bytes a second
 */
record KernelTiming(double seconds, double rate, long wrong) {
  private static final long CACHE = 256L << 20; // bytes: more than any cache holds
  private static final int SETS = 8;

  static KernelTiming of(KernelCase kernel, Device device, Repeats repeats) {
    Communicator single = LocalCommunicator.single();
    double bytes = kernel.bytes(device);
    int sets = (int) Math.min(SETS, Math.max(1, Math.ceil(CACHE / bytes)));
    try (KernelCase.Trial trial = kernel.open(device, sets)) {
      long wrong = trial.wrong(); // first: a timed kernel may work on its own results
      Rotation pass = new Rotation(trial, sets);
      double seconds = repeats.seconds(single, pass);
      return new KernelTiming(seconds, bytes / seconds, wrong);
    }
  }

  /** A pass after the other, each on the next set. */
  private static final class Rotation implements Runnable {
    private final KernelCase.Trial trial;
    private final int sets;
    private int next;

    Rotation(KernelCase.Trial trial, int sets) {
      this.trial = trial;
      this.sets = sets;
    }

    @Override
    public void run() {
      trial.pass(next);
      next = (next + 1) % sets;
    }
  }
}
