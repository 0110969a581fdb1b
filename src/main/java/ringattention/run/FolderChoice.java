package ringattention.run;

import java.nio.file.Path;
import java.time.Instant;
import ringattention.report.RunFolder;

/** Which folder a run has: the one that the command line names, else one named for the run. */
final class FolderChoice {
  private static final String PARENT = "outputs";
  private static final String JOB = "SLURM_JOB_ID";

  private FolderChoice() {}

  /** Returns whether the folder is named for this run alone, so that it must be a new one. */
  static boolean isOwn(Job job) {
    return job.line().output().isEmpty() && !job.environment().containsKey(JOB);
  }

  /** Returns the folder, which need not be there. */
  static Path of(Job job) {
    String id = job.environment().get(JOB);
    return job.line()
        .output()
        .orElseGet(
            () ->
                Path.of(PARENT).resolve(RunFolder.name(job.line().inputName(), id, Instant.now())));
  }
}
