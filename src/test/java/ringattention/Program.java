package ringattention;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ringattention.comm.MpiJob;

/** The built program, with a small input and a small text of its own in a folder. */
public final class Program {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final String MODEL =
      """
      [model]
      hidden = 32
      layers = 2
      heads = 2
      keyValueHeads = 1

      [train]
      sequence = 257
      steps = 20

      [device]
      threads = 1

      [validate]
      lengths = [16, 17]
      growth = [256]

      [benchAttention]
      tokens = [128]
      heads = 2
      headSize = 16
      warmup = 0
      repeats = 1

      [benchKernels]
      tokens = 16
      hidden = 32
      feedForward = 40
      vocabulary = 50
      headSize = 16
      keyValueHeads = 1
      causal = [33]
      full = [32]
      grouped = [34]
      warmup = 0
      repeats = 1

      [benchRing]
      bytes = [4096, 65536]
      warmup = 1
      repeats = 2

      [output]
      plots = false # a second of every run

      """;

  private final Path folder;

  public Program(Path folder) {
    this.folder = folder;
    write("text.txt", text());
    write("empty.txt", "");
    write("small.toml", input());
  }

  private static String text() {
    return IntStream.range(1, 300)
        .mapToObj(i -> i + " times " + (i + 1) + " is " + i * (i + 1) + ".\n")
        .collect(Collectors.joining());
  }

  /** The text of {@code small.toml}; section {@code [data]} is the last. */
  public String input() {
    return MODEL + "[data]\npath = \"" + folder.resolve("text.txt") + "\"\n";
  }

  public Path file(String name) {
    return folder.resolve(name);
  }

  public Path write(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Inside this process, the ranks as threads: seconds less than {@link #mpirun}. */
  MpiJob.Result inProcess(int ranks, String... arguments) {
    return result(Attempt.run(ranks, LIMIT, List.of(arguments)));
  }

  /** Inside this process, one rank that was started without mpirun. */
  MpiJob.Result inProcessAlone(String... arguments) {
    return result(Attempt.run(LIMIT, List.of(arguments)));
  }

  private static MpiJob.Result result(Attempt attempt) {
    List<String> lines = new ArrayList<>(attempt.output());
    lines.addAll(attempt.errors());
    return new MpiJob.Result(attempt.exitCode(), String.join("\n", lines), attempt.time());
  }

  /** Under mpirun. */
  MpiJob.Result mpirun(int ranks, String... arguments) {
    return MpiJob.run(ranks, LIMIT, command(arguments));
  }

  /** Without mpirun. */
  MpiJob.Result alone(String... arguments) {
    return MpiJob.runAlone(LIMIT, command(arguments));
  }

  /** Trains {@code small.toml} into a new folder of that name, under mpirun. */
  Run train(int ranks, String output, String... more) {
    return new Run(mpirun(ranks, training(output, more)), file(output));
  }

  /** The same inside this process. */
  public Run trainInProcess(int ranks, String output, String... more) {
    return new Run(inProcess(ranks, training(output, more)), file(output));
  }

  private String[] training(String output, String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", file("small.toml").toString()));
    arguments.addAll(List.of("-o", file(output).toString()));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  private static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(List.of("bin/ringattention"));
    command.addAll(List.of(arguments));
    return command;
  }
}
