/** Numbers that are functions of (seed, name, index), the same on every rank and device. */
package ringattention.random;
