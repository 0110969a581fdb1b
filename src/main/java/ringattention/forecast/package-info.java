/** Hardware that is not here: memory, longest context and step time of a run on it. */
package ringattention.forecast;
