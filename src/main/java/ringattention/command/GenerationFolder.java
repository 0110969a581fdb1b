package ringattention.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ringattention.comm.Communicator;
import ringattention.infer.GenerationsFile;
import ringattention.infer.Request;
import ringattention.infer.SampleKey;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.report.OutputException;
import ringattention.report.RunLock;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.run.SharedParts;

/**
 * Where answers go: a new folder, or that of a run to go on with.
 *
 * @param done answers that are there already
 */
record GenerationFolder(RunOutput output, Set<SampleKey> done) implements AutoCloseable {
  /** Says what the answers of the folder were made from. */
  private static final String CONTENTS = "contents.json";

  /**
   * Opens the folder. A dry run has none. Collective.
   *
   * @param requests the same on all ranks
   * @param contents what answers are made from
   * @throws InputException on every rank if it cannot be written, or its answers were made from
   *     something else
   */
  static GenerationFolder open(
      Job job, Configuration configuration, List<Request> requests, SharedParts contents) {
    if (job.line().dryRun()) {
      return new GenerationFolder(RunOutput.console(job), Set.of());
    }
    Optional<RunLock> lock = job.agree(() -> lock(job, contents));
    boolean resumes =
        job.world().allReduce(lock.isPresent() ? 1 : 0, Communicator.Operation.MAX) > 0;
    if (!resumes) {
      RunOutput output = RunOutput.create(job, configuration);
      output.write(CONTENTS, contents.json());
      return new GenerationFolder(output, Set.of());
    }
    RunOutput output =
        RunOutput.resume(job, configuration, lock.orElse(null), Long.MAX_VALUE, Optional.empty());
    output.write(CONTENTS, contents.json());
    return new GenerationFolder(output, done(job, requests, output));
  }

  /** Locks the folder of a run to go on with, on rank 0. */
  private static Optional<RunLock> lock(Job job, SharedParts contents) {
    Optional<Path> folder =
        job.line()
            .output()
            .filter(path -> job.line().resume() && job.root() && Files.isDirectory(path));
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    RunLock lock = RunLock.take(folder.get());
    try {
      requireSame(folder.get(), contents);
      return Optional.of(lock);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static void requireSame(Path folder, SharedParts contents) {
    Path file = folder.resolve(CONTENTS);
    try {
      Map<String, String> different =
          contents.differences(SharedParts.of(Files.readAllBytes(file)));
      if (!different.isEmpty()) {
        throw new InputException(
            "--resume: the answers in "
                + folder
                + " were made from other things: "
                + SharedParts.text(different));
      }
    } catch (NoSuchFileException nothingMade) {
      return;
    } catch (IOException | IllegalStateException e) {
      throw new OutputException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Returns the answers that an earlier part of the run has left; their file keeps only them. Rank
   * 0 reads it and tells the others, whose hosts may not have the folder. Collective.
   */
  private static Set<SampleKey> done(Job job, List<Request> requests, RunOutput output) {
    List<SampleKey> asked = new ArrayList<>();
    for (Request request : requests) {
      for (int sample = 0; sample < request.settings().samples(); sample++) {
        asked.add(new SampleKey(request.id(), sample));
      }
    }
    byte[] own =
        job.agree(
            () -> {
              BitSet there = new BitSet();
              if (output.path().isPresent()) {
                Path file = output.path().get().resolve(GenerationsFile.NAME);
                Set<SampleKey> kept = GenerationsFile.rewind(file);
                for (int i = 0; i < asked.size(); i++) {
                  there.set(i, kept.contains(asked.get(i)));
                }
              }
              return there.toByteArray();
            });
    Set<SampleKey> done = new LinkedHashSet<>();
    BitSet.valueOf(job.world().broadcast(own)).stream().mapToObj(asked::get).forEach(done::add);
    return done;
  }

  @Override
  public void close() {
    output.close();
  }
}
