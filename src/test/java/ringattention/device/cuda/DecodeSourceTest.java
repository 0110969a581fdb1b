package ringattention.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What Java assumes of decode.cu. */
class DecodeSourceTest {
  private static final int MULTIPROCESSOR = 228 << 10; // bytes of shared memory, of Hopper
  private static final int RESERVED = 1 << 10; // of them, for each block

  @Test
  void tilesOfEverySizeLeaveRoomForTwoBlocks() throws IOException {
    String source = Files.readString(Path.of("src/main/cuda/decode.cu"));
    Matcher kernel = Pattern.compile("\nATTEND\\((\\d+), (\\d)\\)").matcher(source);
    List<Integer> sizes = new ArrayList<>();
    while (kernel.find()) {
      int size = Integer.parseInt(kernel.group(1));
      int stages = Integer.parseInt(kernel.group(2));
      sizes.add(size);
      int rows = stages * 2 * 64; // of keys and of values
      int pitch = (size % 16 == 0 ? size + 8 : size) * 2; // an odd number of 16 bytes
      int handed = (size / 2 + 4) * 32 * 4;
      assertEquals(rows * pitch + handed, CudaDecode.sharedBytes(size), "head size " + size);
      assertTrue(2 * (CudaDecode.sharedBytes(size) + RESERVED) <= MULTIPROCESSOR, "of " + size);
    }
    assertEquals(IntStream.rangeClosed(8, 16).map(i -> 8 * i).boxed().toList(), sizes);
  }

  @Test
  void theScratchThatIsPlannedHoldsThatOfEveryGpu() {
    for (int keyValueHeads : new int[] {1, 7, 8, 512}) {
      DecodeScratch planned = DecodeScratch.planned(3, 2 * keyValueHeads, keyValueHeads, 72);
      for (int multiprocessors : new int[] {1, 108, 132, 148, 1000}) {
        DecodeScratch scratch =
            DecodeScratch.of(multiprocessors, 3, 2 * keyValueHeads, keyValueHeads, 72);
        assertTrue(scratch.chunks() >= 1);
        assertTrue(scratch.bytes() <= planned.bytes(), scratch + " of " + planned);
        assertEquals(0, scratch.outs() % 8, "outputs begin at pairs of floats");
      }
    }
  }
}
