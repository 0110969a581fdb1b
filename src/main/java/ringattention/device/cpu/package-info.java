/**
 * The CPU as a device: fp32 throughout, matrix products by OpenBLAS on one thread each, everything
 * else by the JDK's Vector API on float arrays in cache, parallelism by the device's own fixed
 * workers. The same call on the same number of threads gives the same bits, before and after the
 * just-in-time compiler has seen it.
 */
package ringattention.device.cpu;
