/** Text into tokens. Which tokens a sequence holds is a pure function of seed and index, so a run can start anywhere. */
package ringattention.data;
