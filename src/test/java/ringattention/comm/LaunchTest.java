package ringattention.comm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LaunchTest {
  static Stream<Arguments> environments() {
    return Stream.of(
        Arguments.of("a plain shell", Map.of("PATH", "/bin"), new Launch(false, 0, 1, false)),
        Arguments.of(
            "mpirun",
            Map.of(
                "OMPI_COMM_WORLD_SIZE",
                "8",
                "OMPI_COMM_WORLD_LOCAL_RANK",
                "1",
                "OMPI_COMM_WORLD_LOCAL_SIZE",
                "4"),
            new Launch(true, 1, 4, false, 8)),
        Arguments.of(
            "mpirun of one rank, with CUDA",
            Map.of(
                "OMPI_COMM_WORLD_SIZE", "1",
                "OMPI_COMM_WORLD_LOCAL_RANK", "0",
                "OMPI_COMM_WORLD_LOCAL_SIZE", "1",
                "RINGATTENTION_MPI_CUDA", "1"),
            new Launch(true, 0, 1, true, 1)),
        Arguments.of(
            "srun --mpi=pmix on the third of unequal nodes",
            Map.of(
                "PMIX_RANK",
                "9",
                "SLURM_LOCALID",
                "1",
                "SLURM_NODEID",
                "2",
                "SLURM_STEP_TASKS_PER_NODE",
                "4(x2),3"),
            new Launch(true, 1, 3, false)),
        Arguments.of(
            "srun that says only the tasks per node",
            Map.of("PMI_RANK", "5", "SLURM_LOCALID", "1", "SLURM_NTASKS_PER_NODE", "2"),
            new Launch(true, 1, 2, false)),
        Arguments.of(
            "MPICH's mpirun",
            Map.of("PMI_RANK", "1", "PMI_SIZE", "6"),
            new Launch(true, 0, 1, false, 6)),
        Arguments.of(
            "srun of a step of four tasks",
            Map.of("PMIX_RANK", "1", "SLURM_LOCALID", "1", "SLURM_STEP_NUM_TASKS", "4"),
            new Launch(true, 1, 2, false, 4)),
        Arguments.of(
            "PMIx without a word on the node",
            Map.of("PMIX_RANK", "0"),
            new Launch(true, 0, 1, false)),
        Arguments.of(
            "a batch script's own shell, in an allocation of four tasks",
            Map.of("SLURM_NTASKS", "4", "SLURM_PROCID", "0", "SLURM_LOCALID", "0"),
            new Launch(false, 0, 1, false)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("environments")
  void readsTheEnvironment(String name, Map<String, String> environment, Launch expected) {
    assertEquals(expected, Launch.of(environment));
  }

  @Test
  void tasksThatCannotFindEachOtherAreRefused() {
    Map<String, String> environment = Map.of("SLURM_STEP_NUM_TASKS", "4", "SLURM_PROCID", "2");
    assertThrows(CommunicationException.class, () -> Launch.of(environment));
  }

  @Test
  void ranksThatFindOnlyThemselvesAreRefused() {
    Launch launch = Launch.of(Map.of("PMI_RANK", "1", "PMI_SIZE", "6"));
    launch.requireRanks(6);
    String message =
        assertThrows(CommunicationException.class, () -> launch.requireRanks(1)).getMessage();
    assertTrue(message.startsWith("the launcher started 6 ranks"), message);
    assertTrue(message.contains("Java bindings end with Open MPI 5.0"), message);
    Launch.of(Map.of("PMIX_RANK", "0")).requireRanks(1);
    Launch.of(Map.of("OMPI_COMM_WORLD_SIZE", "1")).requireRanks(1);
  }

  @Test
  void contradictionsAreRefused() {
    Map<String, String> beyond =
        Map.of(
            "OMPI_COMM_WORLD_SIZE",
            "2",
            "OMPI_COMM_WORLD_LOCAL_RANK",
            "2",
            "OMPI_COMM_WORLD_LOCAL_SIZE",
            "2");
    assertThrows(IllegalArgumentException.class, () -> Launch.of(beyond));
    assertThrows(
        IllegalArgumentException.class,
        () -> Launch.of(Map.of("PMIX_RANK", "0", "SLURM_LOCALID", "first")));
  }
}
