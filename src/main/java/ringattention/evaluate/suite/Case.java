package ringattention.evaluate.suite;

import java.util.OptionalInt;
import ringattention.infer.Request;

/**
 * One question as it is asked of a model.
 *
 * @param length see {@link Context}; of files the tokens of the longest with as many lines
 */
record Case(int length, OptionalInt depth, Question question, Request request) {}
