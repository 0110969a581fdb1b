package ringattention.infer;

import java.util.Set;
import ringattention.data.Tokenizer;

/**
 * What all answers of a run share.
 *
 * @param vocabulary tokens that may be chosen
 * @param ends tokens that end an answer; none if they are to be ignored
 * @param logProbabilities whether they are kept
 */
record AnswerRules(
    Tokenizer tokenizer, int vocabulary, Set<Integer> ends, boolean logProbabilities) {}
