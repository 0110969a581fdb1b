package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import ringattention.comm.CommunicationException;
import ringattention.comm.LocalCommunicator;
import ringattention.input.InputException;

class SharedPartsTest {
  private static SharedParts version(String git) {
    return SharedParts.of("version", new Version("1.0", git).shared());
  }

  /** Every rank gets the line of the first that differs. */
  @Test
  void programsOfAnotherBuild() {
    List<String> lines =
        LocalCommunicator.run(
            4,
            world -> {
              SharedParts own = version(world.rank() < 2 ? "abc" : "abc-dirty");
              return assertThrows(InputException.class, () -> new Agreement(world).onSame(own))
                  .getMessage();
            });
    String line = "rank 2 differs from rank 0 in version (git abc-dirty, not abc)";
    assertEquals(List.of(line, line, line, line), lines);
  }

  @Test
  void equalPartsGoOn() throws CommunicationException {
    LocalCommunicator.run(
        3,
        world -> {
          new Agreement(world).onSame(version("abc"));
          return null;
        });
  }

  /** A long list of inputs is cut, what only one side has is none on the other. */
  @Test
  void differencesNameBothValues() {
    Map<String, String> own = new LinkedHashMap<>();
    for (int i = 0; i < 5; i++) {
      own.put("key" + i, "a");
    }
    SharedParts here = SharedParts.of("inputs", own).and(SharedParts.of("weights", Map.of()));
    SharedParts there = SharedParts.of("weights", Map.of("digest", "12"));
    assertEquals(
        "inputs (key0 a, not none; key1 a, not none; key2 a, not none; 2 more) and weights (digest"
            + " none, not 12)",
        SharedParts.text(here.differences(there)));
    assertEquals(Map.of(), here.differences(SharedParts.of(here.json())));
  }
}
