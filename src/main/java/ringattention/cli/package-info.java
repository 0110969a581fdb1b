/**
 * The command line: commands and options, the help of each, exit codes, and an error as one line.
 */
package ringattention.cli;
