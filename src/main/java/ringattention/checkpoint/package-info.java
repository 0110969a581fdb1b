/**
 * Weights and training states on disk: Llama folders of Hugging Face (config.json, safetensors),
 * and training checkpoints, written in the background. Each rank reads and writes its own part.
 */
package ringattention.checkpoint;
