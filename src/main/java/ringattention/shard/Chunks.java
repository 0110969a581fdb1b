package ringattention.shard;

/** Cuts 0 to length-1 into chunks whose sizes differ by at most one, the larger ones first. */
record Chunks(int length, int count) {
  int start(int chunk) {
    return (int) ((long) chunk * (length / count)) + Math.min(chunk, length % count);
  }

  int size(int chunk) {
    return length / count + (chunk < length % count ? 1 : 0);
  }
}
