/**
 * Llama folders of Hugging Face: config.json and weights as safetensors, read into shards and
 * written from them, each rank its own part.
 */
package ringattention.checkpoint;
