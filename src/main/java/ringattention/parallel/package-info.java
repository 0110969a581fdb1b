/**
 * Fully sharded parameters: every rank keeps a part of every weight, gathers a whole block of the
 * model just before it is used, and gets its part of the summed gradient right after (ZeRO-3,
 * Rajbhandari et al. 2020; FSDP, Zhao et al. 2023).
 */
package ringattention.parallel;
