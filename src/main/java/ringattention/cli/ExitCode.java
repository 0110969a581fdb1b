package ringattention.cli;

/** What a run ends with. */
public final class ExitCode {
  /** Done, and every check passed. */
  public static final int VALID = 0;

  /** Something went wrong that is not the user's doing. */
  public static final int ERROR = 1;

  /** Wrong command line or input. */
  public static final int BAD_INPUT = 2;

  /** Done, but a check failed. */
  public static final int CHECK_FAILED = 3;

  /** Loss or gradient are not finite. */
  public static final int DIVERGED = 4;

  /** Stopped before the end, with a checkpoint to go on from. */
  public static final int STOPPED = 75; // EX_TEMPFAIL of sysexits.h: try again

  private ExitCode() {}
}
