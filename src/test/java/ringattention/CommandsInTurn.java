package ringattention;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import ringattention.comm.Launch;
import ringattention.comm.World;
import ringattention.run.GpuChoice;

/**
 * One rank of a real MPI job that runs many commands, one after the other, by the code that Main
 * runs: a process that has started once is warm for all of them.
 */
final class CommandsInTurn {
  private CommandsInTurn() {}

  /** Returns the line that ends what rank 0 says of a command. */
  static String end(int number, int exitCode) {
    return "command " + number + " ends with exit code " + exitCode;
  }

  /** Runs the command of each line of a file, its words separated by tabs. */
  public static void main(String[] arguments) throws IOException {
    Launch launch = Launch.of(System.getenv());
    GpuChoice gpu = GpuChoice.atStart(launch);
    World world = World.open(launch);
    List<String> commands = Files.readAllLines(Path.of(arguments[0]));
    for (int number = 0; number < commands.size(); number++) {
      int exitCode =
          new Main(System.getenv(), System.out, System.err)
              .run(launch, gpu, World.of(world.communicator()), commands.get(number).split("\t"));
      world.communicator().barrier(); // what other ranks say belongs to this command
      if (world.communicator().rank() == 0) {
        System.out.println(end(number, exitCode));
      }
    }
    world.finish();
  }
}
