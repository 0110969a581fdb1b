package ringattention.comm;

import java.util.ArrayList;
import java.util.List;

/**
 * One transfer through host memory, in steps that overlap: while one piece is copied from the
 * device the one before is between the ranks, and the one before that is copied to the device.
 */
final class Pipeline {
  /** What a step does; each starts and says when it is done. */
  interface Steps {
    int count();

    Communicator.Request load(int step, Stage.Slot slot);

    Communicator.Request exchange(int step, Stage.Slot slot);

    Communicator.Request store(int step, Stage.Slot slot);
  }

  private static final int SLOTS = 3; // steps in flight: copied out, between ranks, copied in

  private final Steps steps;
  private final Stage stage;
  private final List<Stage.Slot> slots = new ArrayList<>();
  private final Communicator.Request[] loads = new Communicator.Request[SLOTS];
  private final Communicator.Request[] exchanges = new Communicator.Request[SLOTS];
  private final Communicator.Request[] stores = new Communicator.Request[SLOTS];
  private int loaded;
  private int exchanged;

  Pipeline(Steps steps, Stage stage, int ranks) {
    this.steps = steps;
    this.stage = stage;
    for (int i = 0; i < Math.min(SLOTS, steps.count()); i++) {
      slots.add(stage.take(ranks));
    }
  }

  /** Begins as many steps as there are slots for; waits for nobody else. */
  void start() {
    while (loaded < slots.size()) {
      load();
    }
    while (exchanged < slots.size()) {
      exchange();
    }
  }

  /** Whether other ranks can receive all of it without another call here. */
  boolean allSent() {
    return exchanged == steps.count();
  }

  /** Carries the transfer to its end. */
  void finish() {
    start(); // unless it has been
    for (int step = 0; step < steps.count(); step++) {
      exchanges[step % SLOTS].await();
      stores[step % SLOTS] = steps.store(step, slots.get(step % SLOTS));
      // the slot of the step before is asked for: its copy has had time
      if (step > 0 && loaded < steps.count()) {
        stores[loaded % SLOTS].await();
        load();
      }
      if (exchanged < Math.min(step + SLOTS - 1, steps.count())) {
        exchange();
      }
    }
    for (int slot = 0; slot < slots.size(); slot++) {
      stores[slot].await();
    }
    slots.forEach(stage::giveBack);
  }

  private void load() {
    loads[loaded % SLOTS] = steps.load(loaded, slots.get(loaded % SLOTS));
    loaded++;
  }

  private void exchange() {
    int slot = exchanged % SLOTS;
    loads[slot].await();
    exchanges[slot] = steps.exchange(exchanged, slots.get(slot));
    exchanged++;
  }
}
