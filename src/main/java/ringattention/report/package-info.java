/**
 * What a run leaves behind: log, JSON lines, CSV, summary, plots, tables. Prints nothing itself:
 * console lines go to a consumer, files into a {@link ringattention.report.RunFolder}. All text is
 * formatted in the root locale.
 */
package ringattention.report;
