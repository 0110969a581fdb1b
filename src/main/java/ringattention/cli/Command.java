package ringattention.cli;

/** What the program can do: the one table behind parsing, help, completion and man page. */
public enum Command {
  TRAIN(
      "train",
      "INPUT.toml",
      "train a Transformer with ring attention",
      "mpirun -np 4 ringattention train inputs/tutorial.toml -D train.steps=20 -o outputs/mine"),
  EVALUATE(
      "evaluate",
      "INPUT.toml",
      "held-out loss by position, a suite of questions to a model, or roll-outs of one that acts",
      "mpirun -np 4 ringattention evaluate inputs/evaluate.toml -D model.checkpoint=outputs/mine"),
  GENERATE(
      "generate",
      "INPUT.toml",
      "text behind prompts, by a model over all ranks",
      "mpirun -np 4 ringattention generate inputs/generate.toml --prompt 'for (int'"),
  VALIDATE(
      "validate",
      "[INPUT.toml]",
      "check ring attention and training against vanilla attention",
      "mpirun -np 3 ringattention validate"),
  BENCH_ATTENTION(
      "bench attention",
      "[INPUT.toml]",
      "rate of ring attention against one rank and matrix products",
      "mpirun -np 2 ringattention bench attention inputs/bench.toml"),
  BENCH_KERNELS(
      "bench kernels",
      "[INPUT.toml]",
      "rates of one device's matrix products, kernels and attention",
      "ringattention bench kernels inputs/bench-gpu.toml"),
  BENCH_DECODE(
      "bench decode",
      "[INPUT.toml]",
      "rate of one device's attention of new tokens over a cache",
      "ringattention bench decode inputs/bench-gpu.toml"),
  BENCH_PREFILL(
      "bench prefill",
      "INPUT.toml",
      "rate of reading prompts, and steps of new tokens behind them",
      "mpirun -np 2 ringattention bench prefill inputs/generate.toml"),
  BENCH_RING_EXCHANGE(
      "bench ring-exchange",
      "[INPUT.toml]",
      "bandwidth of the exchange between neighbours",
      "mpirun -np 2 ringattention bench ring-exchange"),
  BENCH_TRAINING(
      "bench training",
      "INPUT.toml",
      "seconds and memory of training steps at several lengths",
      "mpirun -np 2 ringattention bench training inputs/train-7b.toml"),
  BENCH_CONTEXT(
      "bench context",
      "INPUT.toml",
      "the longest sequence that trains, of the paper's architectures",
      "mpirun -np 4 ringattention bench context inputs/paper-context-cpu.toml --memory-cap 3MiB"),
  BENCH_MFU(
      "bench mfu",
      "INPUT.toml",
      "model FLOP utilization of blockwise and ring training",
      "mpirun -np 2 ringattention bench mfu inputs/paper-mfu.toml"),
  BENCH_OVERLAP(
      "bench overlap",
      "INPUT.toml",
      "the smallest block whose exchange is hidden",
      "mpirun -np 2 ringattention bench overlap inputs/paper-overlap.toml"),
  BENCH_MEMORY(
      "bench memory",
      "INPUT.toml",
      "planned and measured peaks of a step by length and block size",
      "mpirun -np 4 ringattention bench memory inputs/paper-memory-cpu.toml"),
  BENCH_SCALING(
      "bench scaling",
      "INPUT.toml",
      "weak and strong scaling over the ranks present",
      "mpirun -np 4 ringattention bench scaling inputs/paper-scaling-cpu.toml"),
  PLAN(
      "plan",
      "[INPUT.toml]",
      "print every buffer of a run without allocating it, also on hardware that is not here",
      "ringattention plan inputs/train-7b.toml --hardware h200 --ranks 256"),
  GRADIENTS(
      "gradients",
      "INPUT.toml",
      "write logits and gradients of the first batch, small models only",
      "ringattention gradients inputs/tutorial.toml"),
  SHOW_DATA(
      "show-data",
      "INPUT.toml",
      "documents as the model reads them, what is learned marked",
      "ringattention show-data inputs/tutorial.toml -n 3"),
  COLLECT(
      "collect",
      "INPUT.toml",
      "episodes of an environment, in files such as ExoRL's",
      "ringattention collect inputs/collect.toml -o outputs/cartpole"),
  EXPORT(
      "export",
      "RUN",
      "a run's model as a Hugging Face folder, from its checkpoint",
      "ringattention export outputs/mine -o model --type bf16"),
  STATUS("status", "DIR", "how far a run is, from its folder", "ringattention status outputs/mine"),
  COMPARE(
      "compare",
      "DIR DIR",
      "where two runs differ: inputs, versions, losses",
      "ringattention compare outputs/mine outputs/other"),
  HELP(
      "help",
      "[COMMAND]",
      "commands, or the options of one; also COMMAND --help",
      "ringattention help train"),
  VERSION("version", "", "the version; also -V", "ringattention version");

  private static final String INPUT = "INPUT.toml";

  private final String words;
  private final String operands;
  private final String summary;
  private final String example;

  Command(String words, String operands, String summary, String example) {
    this.words = words;
    this.operands = operands;
    this.summary = summary;
    this.example = example;
  }

  /** Whether it reads what runs have left, and needs nothing else. */
  public boolean readsFolders() {
    return this == STATUS || this == COMPARE;
  }

  /** Whether it is given folders of runs instead of an input. */
  boolean takesFolders() {
    return folders() > 0;
  }

  /** Whether what it prints is a table of data, to be read by programs. */
  public boolean isTable() {
    return words.startsWith("bench ");
  }

  /** Whether it can do nothing without an input file; {@code plan} can with some options. */
  boolean needsInput() {
    return operands.equals(INPUT) || this == PLAN;
  }

  /** Whether it reads an input file if it is given one. */
  boolean takesInput() {
    return operands.contains(INPUT);
  }

  /** Returns how many folders of runs it reads. */
  int folders() {
    return switch (this) {
      case EXPORT, STATUS -> 1;
      case COMPARE -> 2;
      default -> 0;
    };
  }

  /** Returns the words as typed. */
  String words() {
    return words;
  }

  /** Returns what stands behind the words, in brackets where it may be left out. */
  String operands() {
    return operands;
  }

  /** Returns what it does, in a few words. */
  String summary() {
    return summary;
  }

  /** Returns a command line that does it. */
  String example() {
    return example;
  }

  /** Returns the words with a dash, for the name of an output folder. */
  String dashed() {
    return words.replace(' ', '-');
  }
}
