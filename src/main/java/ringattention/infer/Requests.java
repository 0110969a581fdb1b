package ringattention.infer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import ringattention.data.Digest;

/**
 * What was asked for.
 *
 * @param requests with ids that differ
 * @param problems why others cannot be made, each with file and line
 */
public record Requests(List<Request> requests, List<String> problems) {
  public Requests {
    requests = List.copyOf(requests);
    problems = List.copyOf(problems);
  }

  /** Returns a name for the contents, to compare them over ranks and over the parts of a run. */
  public String digest() {
    MessageDigest digest = Digest.sha256();
    for (Request request : requests) {
      digest.update((request.id() + "\0" + request.settings()).getBytes(UTF_8));
      update(digest, request.context());
      update(digest, request.prompt());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, int[] tokens) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (1 + tokens.length));
    bytes.asIntBuffer().put(tokens.length).put(tokens);
    digest.update(bytes);
  }
}
