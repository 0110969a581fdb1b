package ringattention.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import ringattention.file.DurableFile;
import ringattention.file.FileEntry;

/**
 * The files of a checkpoint while it is written: each rank writes its share, rank 0 makes a
 * complete checkpoint of them.
 */
final class CheckpointFiles {
  /** What a rank tells rank 0 of its file. */
  private record Share(FileEntry file, double stallSeconds, double writeSeconds) {}

  private final JsonRecords json = new JsonRecords();
  private final CheckpointFolder folder;
  private final int rank;
  private final int ranks;
  private final Origin origin;
  private final int keep;
  private final LongSupplier clock;

  CheckpointFiles(
      CheckpointFolder folder, int rank, int ranks, Origin origin, int keep, LongSupplier clock) {
    this.folder = folder;
    this.rank = rank;
    this.ranks = ranks;
    this.origin = origin;
    this.keep = keep;
    this.clock = clock;
  }

  /** Writes this rank's file; returns what to tell rank 0 of it. */
  byte[] writeShare(Path temporary, double stall, HostCopy copy) {
    long start = clock.getAsLong();
    FileEntry file =
        write(
            temporary.resolve(ShardFile.name(rank)),
            path -> {
              Files.createDirectories(temporary);
              if (rank == 0) {
                folder.removeIncomplete(temporary);
              }
              FileEntry entry = ShardFile.write(path, rank, ranks, copy);
              DurableFile.syncFolder(temporary);
              return entry;
            });
    Share share = new Share(file, stall, (clock.getAsLong() - start) * 1e-9);
    return json.line(share).getBytes(UTF_8);
  }

  /**
   * Makes the checkpoint complete, once every rank has written its share.
   *
   * @param told by each rank of its file
   */
  WrittenCheckpoint complete(TrainingPosition position, Path temporary, List<byte[]> told) {
    return write(
        folder.step(position.step()),
        target -> {
          List<FileEntry> files = new ArrayList<>();
          double stall = 0;
          double writing = 0;
          for (byte[] text : told) {
            Share share = json.read(new String(text, UTF_8), Share.class);
            requireVisible(temporary, share.file());
            files.add(share.file());
            stall = Math.max(stall, share.stallSeconds());
            writing = Math.max(writing, share.writeSeconds());
          }
          files.add(DurableFile.write(temporary.resolve(Origin.INPUTS), origin.usedInputs()));
          Manifest manifest = origin.manifest(position, ranks, files);
          manifest.write(temporary);
          DurableFile.syncFolder(temporary);
          folder.publish(temporary, position.step());
          folder.prune(keep);
          return new WrittenCheckpoint(position.step(), target, manifest.bytes(), stall, writing);
        });
  }

  /** A folder that is another one on another machine makes no checkpoint. */
  private static void requireVisible(Path temporary, FileEntry file) throws IOException {
    Path path = temporary.resolve(file.name());
    if (!Files.exists(path) || Files.size(path) != file.bytes()) {
      throw new IOException(
          path + " of another rank is not seen by rank 0: all machines must share this folder");
    }
  }

  private interface Work<T> {
    T apply(Path path) throws IOException;
  }

  private static <T> T write(Path path, Work<T> work) {
    try {
      return work.apply(path);
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + path + ": " + reason(e));
    }
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException denied) {
      return denied.getFile() + ": permission denied";
    }
    if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is a file";
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
