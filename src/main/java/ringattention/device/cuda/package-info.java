/** NVIDIA GPUs through the JavaCPP CUDA presets. */
package ringattention.device.cuda;
