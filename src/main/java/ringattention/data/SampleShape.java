package ringattention.data;

/**
 * What a run asks of its sequences.
 *
 * @param sequence tokens of each
 * @param vocabulary tokens of the model, at least those of the tokenizer
 * @param seed of their order
 */
public record SampleShape(int sequence, int vocabulary, long seed) {}
