package ringattention.infer;

/**
 * Names one answer.
 *
 * @param id of the request
 * @param sample counted from 0
 */
public record SampleKey(String id, int sample) {}
