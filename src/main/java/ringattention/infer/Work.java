package ringattention.infer;

import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * One answer that is to be made.
 *
 * @param shared what it begins with
 * @param rest [tokens] of the prompt behind that
 */
record Work(Request request, SampleKey key, SharedPrompt shared, int[] rest) {
  /**
   * Returns all work that is not done, in the order of the requests, but those with the same
   * context follow the first of them. A request that is alone with its context shares the whole
   * prompt among its samples.
   */
  static Queue<Work> of(List<Request> requests, Set<SampleKey> done) {
    Map<Object, List<Request>> groups = new LinkedHashMap<>();
    for (Request request : requests) {
      if (!keys(request, done).isEmpty()) {
        int[] context = request.context();
        Object group = context.length == 0 ? request : IntBuffer.wrap(context); // by contents
        groups.computeIfAbsent(group, none -> new ArrayList<>()).add(request);
      }
    }
    Queue<Work> all = new ArrayDeque<>();
    for (List<Request> group : groups.values()) {
      Request first = group.get(0);
      boolean alone = group.size() == 1;
      SharedPrompt shared = new SharedPrompt(alone ? first.all() : first.context());
      for (Request request : group) {
        for (SampleKey key : keys(request, done)) {
          all.add(new Work(request, key, shared, alone ? new int[0] : request.prompt()));
          shared.expect(1);
        }
      }
    }
    return all;
  }

  /** Returns the samples of a request that are not done. */
  private static List<SampleKey> keys(Request request, Set<SampleKey> done) {
    List<SampleKey> keys = new ArrayList<>();
    for (int sample = 0; sample < request.settings().samples(); sample++) {
      SampleKey key = new SampleKey(request.id(), sample);
      if (!done.contains(key)) {
        keys.add(key);
      }
    }
    return keys;
  }

  /** Returns the most tokens that its sequence appends behind what is shared. */
  int own() {
    return (int) Math.min(Integer.MAX_VALUE, (long) rest.length + maxNewTokens());
  }

  int maxNewTokens() {
    return request.settings().maxNewTokens();
  }
}
