/** Line retrieval: tasks made from the seed, their words and their tokens. */
package ringattention.data.lines;
