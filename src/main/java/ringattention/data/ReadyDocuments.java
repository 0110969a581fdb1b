package ringattention.data;

/** The tokens of files one after the other, read in place, with what is known of documents. */
record ReadyDocuments(ReadyTokens all, int[] lengths) implements TokenDocuments {
  @Override
  public long tokens() {
    return all.tokens();
  }

  @Override
  public long documents() {
    return lengths.length;
  }

  @Override
  public boolean allPredicted() {
    return true;
  }

  @Override
  public String digest() {
    return all.digest();
  }

  @Override
  public int[] entries(long start, int count) {
    return all.entries(start, count);
  }

  @Override
  public CorpusCounts counts() {
    return CorpusCounts.NONE.withPredicted(tokens() - documents(), documents());
  }

  @Override
  public void close() {
    all.close();
  }
}
