/** Tests of what a model finds in long texts: what is asked, and what came of it. */
package ringattention.evaluate.suite;
