/** Genomes: what a FASTA file's letters are, and what simple models reach on them. */
package ringattention.data.fasta;
