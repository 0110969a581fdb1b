/** Where tokens come from: text, its tokens, and which of them a sequence of a step takes. */
package ringattention.data;
