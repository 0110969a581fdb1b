/**
 * One class per command, which tells its story from the input to the exit code, and the one way in
 * for what all ranks share ({@link ringattention.command.SharedInput}).
 */
package ringattention.command;
