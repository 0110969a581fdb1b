/**
 * What a run will need: every buffer of every rank, the activation policy that fits, and the check
 * of both against what was measured.
 */
package ringattention.plan;
