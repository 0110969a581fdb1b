package ringattention.attention;

/**
 * Where attention finds the keys and values of a layer on this rank. In training one shard's serve
 * all layers, one after the other; a cache keeps those of every layer.
 */
public interface KeyValueStore {
  /** Makes the other methods those of this layer. */
  void layer(int layer);

  /** Returns where the keys and values of the tokens go that are computed now. */
  KeyValue own();

  /** Returns all that this rank passes around the ring: {@link #own}, behind what was there. */
  KeyValue held();

  /** Returns a store of one shard for all layers. */
  static KeyValueStore of(KeyValue shard) {
    return new KeyValueStore() {
      @Override
      public void layer(int layer) {}

      @Override
      public KeyValue own() {
        return shard;
      }

      @Override
      public KeyValue held() {
        return shard;
      }
    };
  }
}
