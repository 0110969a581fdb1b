# Takes out what mpirun adds to the message of ranks that end with an exit code, or by MPI_Abort: that they have. All else
# stays, such as the signal that has killed a rank. Open MPI 4.1 (three blocks of it) and 5.0 (two).
/^-{74}$/ {
  :more
  N
  /\n-{74}$/ b whole
  /(\n[^\n]*){9}/ b
  b more
  :whole
  /^-+\nPrimary job +terminated normally, but [0-9]+ process(es)? returned\na non-zero exit code\. Per user-direction, the job has been aborted\.\n-+$/ d
  /^-+\n\S+ detected that one or more processes exited with non-zero status,( thus causing)?\n(thus causing )?the job to be terminated\. The first process to do so was:\n\n *Process name: \S+\n *Exit code: +[0-9]+\n-+$/ d
  /^-+\nMPI_ABORT was invoked on rank [0-9]+ in communicator [^\n]*\n *with errorcode [0-9]+\.\n\nNOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes\.\nYou may or may not see output from other processes, depending on\nexactly when Open MPI kills them\.\n-+$/ d
}
# A host is lost, and the ranks end within four seconds: mpirun.sh ends mpirun.
/^ringattention: rank [0-9]+ of [0-9]+ on \S+: no word from rank / e (sleep 5; kill -ALRM "$MPIRUN_SH") >/dev/null 2>&1 &
