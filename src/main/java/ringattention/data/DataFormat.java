package ringattention.data;

/** What the files of a corpus hold, or what is made instead of reading files. */
public enum DataFormat {
  /** Any text; a file is a document. */
  TEXT("text"),
  /** Objects of JSON, one in a line, with a text each. */
  JSON_LINES("jsonl"),
  /** Objects of JSON with a list of messages each, as ShareGPT's. */
  CONVERSATIONS("conversations"),
  /** No files: tasks of line retrieval, made from the seed, as section {@code [lines]} says. */
  LINES("lines"),
  /** Tokens: numbers of 2 or 4 bytes, nothing else. */
  TOKENS("tokens"),
  /** Tokens, with an index of documents in a file beside them, as Megatron writes both. */
  MEGATRON("megatron"),
  /** Episodes of states, actions and rewards, as section {@code [trajectories]} says. */
  TRAJECTORIES("trajectories"),
  /** Bases of genomes, a record a document, as section {@code [fasta]} says. */
  FASTA("fasta");

  private final String name;

  DataFormat(String name) {
    this.name = name;
  }

  /** Returns whether files hold tokens, and nothing is tokenized. */
  boolean holdsTokens() {
    return this == TOKENS || this == MEGATRON;
  }

  /** Returns whether there are files, of which one process of a host may make tokens for all. */
  boolean readsFilesOfTokens() {
    return this != LINES && this != TRAJECTORIES;
  }

  /** Returns whether files are read as text, and tokenized. */
  boolean isTokenized() {
    return !holdsTokens() && this != TRAJECTORIES;
  }

  /** Returns the spelling in an input file. */
  @Override
  public String toString() {
    return name;
  }
}
