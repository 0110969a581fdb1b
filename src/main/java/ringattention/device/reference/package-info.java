/** The truth: everything a device computes, as plain loops in double precision. */
package ringattention.device.reference;
