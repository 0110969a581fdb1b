package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which tokens end an answer: chat models have several. */
class SpecialIdsTest {
  @TempDir Path folder;

  private Set<Integer> ends(String name, String json) throws IOException {
    Files.writeString(folder.resolve(name), json);
    return SpecialIds.ends(folder);
  }

  @Test
  void generationConfigGoesBeforeConfig() throws IOException {
    assertEquals(Set.of(), SpecialIds.ends(folder));
    assertEquals(Set.of(2), ends("config.json", "{\"eos_token_id\": 2}"));
    assertEquals(Set.of(2), ends("generation_config.json", "{\"do_sample\": true}"));
    assertEquals(
        Set.of(7, 9), ends("generation_config.json", "{\"eos_token_id\": [7, 9, null, \"x\"]}"));
    assertEquals(Set.of(2), ends("generation_config.json", "no JSON"));
  }
}
