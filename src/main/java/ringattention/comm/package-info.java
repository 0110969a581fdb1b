/**
 * Ranks that exchange buffers: over MPI, or as threads of one process behind the same interface.
 * The only package that imports {@code mpi}.
 */
package ringattention.comm;
