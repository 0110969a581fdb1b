package ringattention.infer;

import ringattention.input.Toml;

/** Whether work fits the engine, and what would. */
record Room(Engine engine) {
  /** Returns whether work fits beside what is held now. */
  boolean has(Work work) {
    return (long) work.request().tokens() + work.maxNewTokens() <= engine.longest()
        && engine.fits(work.shared().missing(), 1, work.own());
  }

  /** Says why work is refused that does not fit though nothing else is held. */
  String refusal(Work work) {
    int longest = longest(work);
    String fitting =
        longest < 1 ? "no prompt fits with so many" : "the longest prompt that fits has " + longest;
    return "request "
        + Toml.brief(work.request().id())
        + ": a prompt of "
        + work.request().tokens()
        + " tokens and "
        + work.maxNewTokens()
        + " new ones do not fit, "
        + fitting;
  }

  /** Returns the tokens of the longest beginning of the prompt that fits, by bisection. */
  private int longest(Work work) {
    int fits = 0;
    int tooLong =
        (int) Math.min(work.request().tokens(), 1L + engine.longest() - work.maxNewTokens());
    while (tooLong - fits > 1) {
      int middle = fits + (tooLong - fits) / 2;
      int shared = Math.min(middle, work.shared().tokens());
      int further = middle - shared + work.maxNewTokens();
      boolean has = engine.fits(work.shared().isHeld() ? 0 : shared, 1, further);
      fits = has ? middle : fits;
      tooLong = has ? tooLong : middle;
    }
    return fits;
  }
}
