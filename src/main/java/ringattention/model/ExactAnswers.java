package ringattention.model;

import java.util.Arrays;
import ringattention.comm.Communicator;
import ringattention.data.Sample;

/**
 * Makes hits of labels on this rank into questions that are answered exactly. The labels of one
 * question may lie on any ranks of the ring, so misses are summed over the ring question by
 * question; every rank of it knows the whole sequences, so all number the questions alike.
 */
public final class ExactAnswers {
  private final int[] held;
  private final Communicator ring;
  private double[] misses = new double[64]; // of each question, on this rank
  private int questions;
  private long labels; // of all of them, on any rank

  /**
   * @param held positions of a sequence that this rank holds, ascending
   * @param ring ranks that hold the others
   */
  ExactAnswers(int[] held, Communicator ring) {
    this.held = held;
    this.ring = ring;
  }

  /**
   * Adds the questions of some sequences of the ring. Not collective.
   *
   * @param sequences [batch], as loaded
   * @param losses loss and hit of every label of this rank, [tokens held, batch, 2]
   */
  public void add(Sample[] sequences, double[] losses) {
    for (int b = 0; b < sequences.length; b++) {
      add(sequences[b], b, sequences.length, losses);
    }
  }

  private void add(Sample sequence, int place, int batch, double[] losses) {
    int[] starts = sequence.documents();
    int document = 0; // starts seen
    int own = 0; // of held
    boolean within = false; // a question
    for (int position = 0; position < sequence.labels().length; position++) {
      if (document < starts.length && starts[document] == position) {
        document++;
        within = false;
      }
      boolean counts = sequence.labels()[position] != Sample.NO_LABEL;
      if (counts && !within) {
        begin();
      }
      within = counts;
      labels += counts ? 1 : 0;
      if (own < held.length && held[own] == position) {
        if (counts && losses[2 * (own * batch + place) + 1] == 0) {
          misses[questions - 1]++;
        }
        own++;
      }
    }
  }

  private void begin() {
    if (questions == misses.length) {
      misses = Arrays.copyOf(misses, 2 * questions);
    }
    misses[questions++] = 0;
  }

  /**
   * Returns this rank's part of {@link Answers} to all that was added, and forgets it: the numbers
   * are to be added up over all ranks, and the first rank of each ring has those of its ring.
   * Collective over the ring: one sum, none where nothing was asked.
   */
  public double[] sums() {
    double[] sums = new double[Answers.VALUES];
    if (questions > 0) {
      double[] all = Arrays.copyOf(misses, questions);
      ring.allReduce(all, Communicator.Operation.SUM);
      if (ring.rank() == 0) {
        sums[0] = questions;
        sums[1] = Arrays.stream(all).filter(missed -> missed == 0).count();
        sums[2] = labels;
        sums[3] = labels - Arrays.stream(all).sum();
      }
    }
    questions = 0;
    labels = 0;
    return sums;
  }
}
