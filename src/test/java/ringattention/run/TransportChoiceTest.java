package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;
import static ringattention.run.TransportKind.AUTO;
import static ringattention.run.TransportKind.CUDA_AWARE;
import static ringattention.run.TransportKind.NCCL;
import static ringattention.run.TransportKind.STAGED;

import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** CUDA-aware MPI, then NCCL, then host memory; what was asked for or an error. */
class TransportChoiceTest {
  private static final Supplier<Optional<String>> WORKS = Optional::empty;
  private static final Supplier<Optional<String>> NO_MPI = () -> Optional.of("MPI is plain");
  private static final Supplier<Optional<String>> NO_NCCL = () -> Optional.of("no libnccl");

  /** An MPI that is not CUDA-aware may crash when it is tried. */
  private static final Supplier<Optional<String>> MUST_NOT_BE_TRIED = () -> fail("was tried");

  @Test
  void autoTakesTheFastestThatWorks() throws TransportChoice.Unavailable {
    assertEquals(new TransportChoice(CUDA_AWARE, NCCL, ""), TransportChoice.of(AUTO, WORKS, WORKS));
    assertEquals(
        new TransportChoice(CUDA_AWARE, STAGED, ""), TransportChoice.of(AUTO, WORKS, NO_NCCL));
    assertEquals(
        new TransportChoice(NCCL, NCCL, "MPI is plain"), TransportChoice.of(AUTO, NO_MPI, WORKS));
    assertEquals(
        new TransportChoice(STAGED, STAGED, "MPI is plain; no libnccl"),
        TransportChoice.of(AUTO, NO_MPI, NO_NCCL));
  }

  @Test
  void whatWasAskedForIsTaken() throws TransportChoice.Unavailable {
    assertEquals(
        new TransportChoice(STAGED, NCCL, ""),
        TransportChoice.of(STAGED, MUST_NOT_BE_TRIED, WORKS));
    assertEquals(
        new TransportChoice(STAGED, STAGED, ""),
        TransportChoice.of(STAGED, MUST_NOT_BE_TRIED, NO_NCCL));
    assertEquals(
        new TransportChoice(NCCL, NCCL, ""), TransportChoice.of(NCCL, MUST_NOT_BE_TRIED, WORKS));
    assertEquals(
        new TransportChoice(CUDA_AWARE, STAGED, ""),
        TransportChoice.of(CUDA_AWARE, WORKS, NO_NCCL));
  }

  @Test
  void whatWasAskedForAndDoesNotWorkIsAnError() {
    assertEquals(
        "no libnccl",
        assertThrows(
                TransportChoice.Unavailable.class,
                () -> TransportChoice.of(NCCL, MUST_NOT_BE_TRIED, NO_NCCL))
            .getMessage());
    assertEquals(
        "MPI is plain",
        assertThrows(
                TransportChoice.Unavailable.class,
                () -> TransportChoice.of(CUDA_AWARE, NO_MPI, WORKS))
            .getMessage());
  }
}
