package ringattention.attention;

/**
 * Where attention finds the keys and values of a layer on this rank. In training one shard's serve
 * all layers, one after the other, or the caller's for a layer that keeps them; a cache keeps those
 * of every layer.
 */
public interface KeyValueStore {
  /** Makes the other methods those of this layer. */
  void layer(int layer);

  /** Returns where the keys and values of the tokens go that are computed now. */
  KeyValue own();

  /** Returns all that this rank passes around the ring: {@link #own}, behind what was there. */
  KeyValue held();

  /**
   * Makes {@link #own} and {@link #held} these.
   *
   * @param kept null: the store's
   * @throws UnsupportedOperationException if it holds more than a shard
   */
  default void use(KeyValue kept) {
    if (kept != null) {
      throw new UnsupportedOperationException("keys and values of a cache stay there");
    }
  }

  /** Returns a store of one shard for all layers that do not keep their keys and values. */
  static KeyValueStore of(KeyValue shard) {
    return new KeyValueStore() {
      private KeyValue used = shard;

      @Override
      public void layer(int layer) {}

      @Override
      public void use(KeyValue kept) {
        used = kept == null ? shard : kept;
      }

      @Override
      public KeyValue own() {
        return used;
      }

      @Override
      public KeyValue held() {
        return used;
      }
    };
  }
}
