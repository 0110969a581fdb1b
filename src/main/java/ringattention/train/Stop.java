package ringattention.train;

/** Why a run is to stop at the end of a step, the weightier last. */
public enum Stop {
  NONE("nothing"),
  TIME("--max-minutes"),
  USR1("SIGUSR1"),
  TERM("SIGTERM");

  private final String title;

  Stop(String title) {
    this.title = title;
  }

  /** Returns what a user calls it. */
  public String title() {
    return title;
  }
}
