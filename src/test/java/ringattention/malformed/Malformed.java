package ringattention.malformed;

import java.util.List;

/**
 * One malformed input, whose files have been written.
 *
 * @param what was done to a good one
 * @param arguments of the program
 * @param names what the one line about it must contain
 * @param surely whether it cannot be taken; a flipped byte may well leave an input that can
 */
record Malformed(String what, List<String> arguments, String names, boolean surely) {}
