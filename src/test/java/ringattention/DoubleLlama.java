package ringattention;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A Llama in plain double loops over a safetensors file, without any code of the program. It has
 * the biases and norms of queries and keys that are among its weights.
 */
final class DoubleLlama {
  private static final double THETA = 10000;
  private static final double EPSILON = 1e-5;

  private final Map<String, double[]> weights = new HashMap<>();
  private final int layers;
  private final int heads;
  private final int keyValueHeads;

  DoubleLlama(Path file, int layers, int heads, int keyValueHeads) throws IOException {
    this.layers = layers;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong();
    String json = new String(bytes.array(), 8, length, StandardCharsets.UTF_8);
    JsonNode header = new ObjectMapper().readTree(json);
    header
        .fields()
        .forEachRemaining(
            entry -> {
              if (!entry.getKey().equals("__metadata__")) {
                JsonNode place = entry.getValue().get("data_offsets");
                int from = 8 + length + place.get(0).intValue();
                double[] values =
                    new double[(place.get(1).intValue() - place.get(0).intValue()) / 4];
                for (int i = 0; i < values.length; i++) {
                  values[i] = bytes.getFloat(from + 4 * i);
                }
                weights.put(entry.getKey(), values);
              }
            });
  }

  /**
   * @param weights by their names in a safetensors file
   */
  DoubleLlama(Map<String, double[]> weights, int layers, int heads, int keyValueHeads) {
    this.layers = layers;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.weights.putAll(weights);
  }

  /** Returns the loss of every token but the first, given those before it. */
  double[] losses(int... tokens) {
    double[][] logits = logits(Arrays.copyOf(tokens, tokens.length - 1));
    double[] losses = new double[logits.length];
    for (int i = 0; i < losses.length; i++) {
      double sum = 0;
      for (double logit : logits[i]) {
        sum += Math.exp(logit);
      }
      losses[i] = Math.log(sum) - logits[i][tokens[i + 1]];
    }
    return losses;
  }

  /** Returns the logits behind every token, [tokens][vocabulary]. */
  double[][] logits(int... tokens) {
    int length = tokens.length;
    double[] table = weights.get("model.embed_tokens.weight");
    int hidden = weights.get("model.norm.weight").length;
    double[][] x = new double[length][hidden];
    for (int i = 0; i < length; i++) {
      System.arraycopy(table, tokens[i] * hidden, x[i], 0, hidden);
    }
    for (int layer = 0; layer < layers; layer++) {
      String name = "model.layers." + layer + ".";
      attention(name, x);
      for (double[] row : x) {
        double[] normed = norm(row, weights.get(name + "post_attention_layernorm.weight"));
        double[] gate = times(weights.get(name + "mlp.gate_proj.weight"), normed);
        double[] up = times(weights.get(name + "mlp.up_proj.weight"), normed);
        for (int i = 0; i < gate.length; i++) {
          gate[i] *= up[i] / (1 + Math.exp(-gate[i]));
        }
        add(row, times(weights.get(name + "mlp.down_proj.weight"), gate));
      }
    }
    double[][] logits = new double[length][];
    double[] head = weights.getOrDefault("lm_head.weight", table);
    for (int i = 0; i < length; i++) {
      logits[i] = times(head, norm(x[i], weights.get("model.norm.weight")));
    }
    return logits;
  }

  private void attention(String name, double[]... x) {
    int length = x.length;
    double[][] queries = new double[length][];
    double[][] keys = new double[length][];
    double[][] values = new double[length][];
    for (int i = 0; i < length; i++) {
      double[] normed = norm(x[i], weights.get(name + "input_layernorm.weight"));
      queries[i] = projected(name + "self_attn.q_", normed);
      keys[i] = projected(name + "self_attn.k_", normed);
      values[i] = projected(name + "self_attn.v_", normed);
      rotate(queries[i], heads, i);
      rotate(keys[i], keyValueHeads, i);
    }
    int size = keys[0].length / keyValueHeads;
    for (int i = 0; i < length; i++) {
      double[] attended = new double[heads * size];
      for (int head = 0; head < heads; head++) {
        int shared = head / (heads / keyValueHeads) * size;
        double sum = 0;
        for (int j = 0; j <= i; j++) {
          double score = 0;
          for (int d = 0; d < size; d++) {
            score += queries[i][head * size + d] * keys[j][shared + d];
          }
          double weight = Math.exp(score / Math.sqrt(size));
          sum += weight;
          for (int d = 0; d < size; d++) {
            attended[head * size + d] += weight * values[j][shared + d];
          }
        }
        for (int d = 0; d < size; d++) {
          attended[head * size + d] /= sum;
        }
      }
      add(x[i], times(weights.get(name + "self_attn.o_proj.weight"), attended));
    }
  }

  private double[] projected(String name, double... x) {
    double[] out = times(weights.get(name + "proj.weight"), x);
    add(out, weights.getOrDefault(name + "proj.bias", new double[out.length]));
    double[] gain = weights.get(name + "norm.weight");
    for (int from = 0; gain != null && from < out.length; from += gain.length) {
      double[] head = norm(Arrays.copyOfRange(out, from, from + gain.length), gain);
      System.arraycopy(head, 0, out, from, gain.length);
    }
    return out;
  }

  private static void rotate(double[] x, int heads, int position) {
    int size = x.length / heads;
    for (int head = 0; head < heads; head++) {
      for (int d = 0; d < size / 2; d++) {
        double angle = position * Math.pow(THETA, -2.0 * d / size);
        int one = head * size + d;
        int other = one + size / 2;
        double first = x[one];
        x[one] = first * Math.cos(angle) - x[other] * Math.sin(angle);
        x[other] = x[other] * Math.cos(angle) + first * Math.sin(angle);
      }
    }
  }

  private static double[] norm(double[] x, double[] gain) {
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    double[] normed = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      normed[i] = x[i] / Math.sqrt(squares / x.length + EPSILON) * gain[i];
    }
    return normed;
  }

  private static double[] times(double[] matrix, double... x) {
    double[] product = new double[matrix.length / x.length];
    for (int row = 0; row < product.length; row++) {
      for (int i = 0; i < x.length; i++) {
        product[row] += matrix[row * x.length + i] * x[i];
      }
    }
    return product;
  }

  private static void add(double[] to, double... more) {
    for (int i = 0; i < to.length; i++) {
      to[i] += more[i];
    }
  }
}
