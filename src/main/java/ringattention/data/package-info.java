/**
 * Where tokens come from: files and their formats, tokenizers, and which tokens a sequence of a
 * step takes.
 */
package ringattention.data;
