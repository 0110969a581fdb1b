/** The loss of a model on a corpus, in total and by position. */
package ringattention.evaluate;
