/**
 * Models as Hugging Face stores them: config.json and safetensors, read and written by all ranks,
 * each its own part.
 */
package ringattention.huggingface;
