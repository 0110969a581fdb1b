package ringattention.validate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import ringattention.comm.Communicator;
import ringattention.data.Sample;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.parallel.AloneCollectives;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;

/** One rank's part in computing a {@link TransformerProblem}. Every call is collective. */
final class TransformerRunner implements AutoCloseable {
  /**
   * @param loss mean over all tokens
   * @param gradients by parameter name, whole
   */
  record Result(double loss, Map<String, double[]> gradients) {}

  private final TransformerProblem problem;
  private final ModelSetup setup;
  private final Communicator world;
  private final Device device;
  private final Arena arena;
  private final Replica replica;

  TransformerRunner(
      TransformerProblem problem,
      ModelSetup setup,
      Communicator world,
      Device device,
      PhaseTimer timer) {
    this.problem = problem;
    this.setup = setup;
    this.world = world;
    this.device = device;
    this.arena = new Arena(device);
    this.replica =
        new Replica(
            setup,
            world,
            world.size() == 1
                ? new AloneCollectives(device)
                : new HostCollectives(world, timer.timeline()),
            device,
            arena,
            timer);
    replica.parameters().initialize(problem.seed(), problem.model().initStd());
  }

  /** The same on every rank. */
  Result lossAndGradients() {
    replica.load(mine(problem.sequences()));
    double own = replica.lossAndGradients(problem.scale());
    double loss = world.allReduce(own, Communicator.Operation.SUM);
    Map<String, double[]> gradients = new LinkedHashMap<>();
    for (int index = 0; index < replica.parameters().groups().size(); index++) {
      ParameterGroup group = replica.parameters().groups().get(index).whole();
      double[] flat = replica.parameters().gatherGradient(index);
      for (Parameter parameter : group.parameters()) {
        int offset = Math.toIntExact(group.offset(parameter));
        int size = Math.toIntExact(parameter.elements());
        gradients.put(parameter.name(), Arrays.copyOfRange(flat, offset, offset + size));
      }
    }
    return new Result(loss * problem.scale(), gradients);
  }

  /**
   * The blocks' output for these sequences, [length, batch of one ring, hidden], on rank 0; null on
   * the others.
   */
  double[] forward(Sample[] sequences) {
    replica.load(mine(sequences));
    return Gathered.rows(world, setup.layout(), device.read(replica.transformer().forward()));
  }

  private Sample[] mine(Sample[] sequences) {
    int first = setup.mesh().dataRank(world.rank()) * setup.batch();
    return Arrays.copyOfRange(sequences, first, first + setup.batch());
  }

  @Override
  public void close() {
    try {
      replica.settle();
    } finally {
      arena.close();
    }
  }
}
