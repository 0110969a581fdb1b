package ringattention.input;

/** What a key of the input may do beyond the rule: the same on all ranks, and for a whole run. */
public enum Trait {
  /** It has no say in the numbers of training. */
  ASIDE,
  /**
   * It may change between the parts of one run: it says how long the run goes on, or what it does
   * to the last bits is said when it is known.
   */
  FREE,
  /** It fixes the shapes of the parameters: no checkpoint of another value can be resumed. */
  SHAPE,
  /** It is decided by each rank's machine, or names files that are compared by contents. */
  OWN
}
