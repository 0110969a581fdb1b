package ringattention.cli;

/** What the program can do. */
public enum Command {
  TRAIN("train", true),
  EVALUATE("evaluate", true),
  GENERATE("generate", true),
  VALIDATE("validate", false),
  BENCH_ATTENTION("bench attention", false),
  BENCH_KERNELS("bench kernels", false),
  BENCH_DECODE("bench decode", false),
  BENCH_PREFILL("bench prefill", true),
  BENCH_RING_EXCHANGE("bench ring-exchange", false),
  BENCH_TRAINING("bench training", true),
  BENCH_CONTEXT("bench context", true),
  BENCH_MFU("bench mfu", true),
  BENCH_OVERLAP("bench overlap", true),
  BENCH_MEMORY("bench memory", true),
  BENCH_SCALING("bench scaling", true),
  PLAN("plan", true),
  GRADIENTS("gradients", true),
  SHOW_DATA("show-data", true),
  EXPORT("export", 1, true),
  STATUS("status", 1, false),
  COMPARE("compare", 2, false),
  HELP("help", false),
  VERSION("version", false);

  private final String words;
  private final boolean needsInput;
  private final int folders; // instead of an input
  private final boolean overRanks;

  Command(String words, boolean needsInput) {
    this.words = words;
    this.needsInput = needsInput;
    this.folders = 0;
    this.overRanks = true;
  }

  Command(String words, int folders, boolean overRanks) {
    this.words = words;
    this.needsInput = false;
    this.folders = folders;
    this.overRanks = overRanks;
  }

  /** Whether it reads what runs have left, and needs nothing else. */
  public boolean readsFolders() {
    return folders > 0 && !overRanks;
  }

  /** Whether it is given folders of runs instead of an input. */
  boolean takesFolders() {
    return folders > 0;
  }

  /** Whether what it prints is a table of data, to be read by programs. */
  public boolean isTable() {
    return words.startsWith("bench ");
  }

  /** Whether it can do nothing without an input file. */
  boolean needsInput() {
    return needsInput;
  }

  /** Returns how many folders of runs it reads. */
  int folders() {
    return folders;
  }

  /** Returns the words as typed. */
  String words() {
    return words;
  }

  /** Returns the words with a dash, for the name of an output folder. */
  String dashed() {
    return words.replace(' ', '-');
  }
}
