package ringattention.huggingface;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import ringattention.input.BoundedFile;
import ringattention.input.HubName;
import ringattention.input.InputException;
import ringattention.input.Inputs;
import ringattention.input.Lender;
import ringattention.input.Toml;
import ringattention.model.ModelConfig;

/**
 * The {@code config.json} of a Hugging Face Llama or of another {@link Family}, as transformers 4
 * writes it (rope_theta, rope_scaling) and as transformers 5 does (rope_parameters): the values of
 * section {@code [model]} it stands for. Fields it leaves out have the defaults of transformers 5.
 * What values a key takes is said by {@link ModelConfig}, which reads them like those of an input;
 * here stand only what fields say together, and fields that have no key.
 */
public final class HuggingFaceConfig implements Lender {
  private static final String FILE = "config.json";
  private static final int LARGEST = 16; // MiB

  private static final String TYPE = "model_type";
  private static final String ACTIVATION = "hidden_act";
  private static final String SILU = "silu";
  private static final String HEADS = "num_attention_heads";
  private static final String KEY_VALUE_HEADS = "num_key_value_heads";
  private static final String HEAD_SIZE = "head_dim";
  private static final String TIED = "tie_word_embeddings";
  private static final String DEVIATION = "initializer_range";

  private final Function<String, InputException> error;
  private final JsonNode root;
  private final Family family;
  private final RopeFields rope;
  private final Map<String, Given> values = new LinkedHashMap<>();

  /**
   * @param error the exception for a problem with this folder
   */
  public HuggingFaceConfig(Path folder, Function<String, InputException> error) {
    this.error = error;
    this.root = parse(folder);
    this.family = family();
    requireSupported();
    sizes();
    give("normEpsilon", "rms_norm_eps", 1e-6);
    this.rope = new RopeFields(root, family.positions(), this::problem);
    give("tied", TIED, false);
    if (present(root, DEVIATION)) {
      put("initStd", DEVIATION, plain(root.get(DEVIATION)));
    }
    put("queryKeyValueBias", TYPE, family.bias());
    put("queryKeyNorm", TYPE, family.norm());
    values.put("slidingWindow", new WindowFields(family, root, this::problem).window());
  }

  /**
   * Returns the model that a folder's config.json stands for where no input says otherwise; empty
   * if none can be trained.
   */
  static Optional<ModelConfig> model(Path folder) {
    Inputs inputs =
        new Inputs(
            List.of(ModelConfig.SECTION),
            Map.of("model.checkpoint", HuggingFaceConfig::new),
            anything -> {},
            List.of());
    try {
      String checkpoint = "model.checkpoint=" + Toml.write(folder);
      return Optional.of(inputs.defaults(List.of(checkpoint)).get(ModelConfig.SECTION));
    } catch (InputException none) {
      return Optional.empty();
    }
  }

  /** Returns the context that a folder's model was first trained on. */
  static int originalContext(Path folder) {
    Function<String, InputException> error = problem -> new InputException(folder + ": " + problem);
    return new HuggingFaceConfig(folder, error).rope.originalContext().value() instanceof Integer n
        ? n
        : 0;
  }

  @Override
  public Map<String, Given> values() {
    return values;
  }

  /** Returns the keys of the rotary embedding: a context is extended by other values. */
  @Override
  public Map<String, Given> defaults(Map<String, Object> own) {
    return rope.values(own);
  }

  @Override
  public List<String> remarks(Map<String, Object> own) {
    return rope.remarks(own);
  }

  @Override
  public String file() {
    return FILE;
  }

  private JsonNode parse(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw error.apply("no such folder" + HubName.advice(folder));
    }
    try {
      JsonNode parsed =
          new ObjectMapper()
              .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
              .readTree(BoundedFile.bytes(folder.resolve(FILE), LARGEST));
      if (!parsed.isObject()) {
        throw problem("must be a JSON object");
      }
      return parsed;
    } catch (JacksonException syntax) {
      int line = syntax.getLocation() == null ? 1 : syntax.getLocation().getLineNr();
      throw problem("line " + line + ": not valid JSON");
    } catch (NoSuchFileException missing) {
      throw problem("no such file");
    } catch (BoundedFile.TooLargeException large) {
      throw problem(large.getMessage());
    } catch (IOException unreadable) {
      throw problem("cannot be read: must be a readable file");
    }
  }

  /** Refuses by name what another model is, whatever its other fields. */
  private Family family() {
    return Family.of(root)
        .orElseThrow(
            () -> {
              String brief = Toml.brief(present(root, TYPE) ? root.get(TYPE).asText() : "");
              return problem(TYPE + " = " + brief + ": must be " + Family.allowed());
            });
  }

  /** Refuses what changes what is computed, or how weights are stored or found. */
  private void requireSupported() {
    String activation = present(root, ACTIVATION) ? root.get(ACTIVATION).asText() : SILU;
    if (!activation.equals(SILU)) {
      throw problem(ACTIVATION + " = " + Toml.brief(activation) + ": must be " + Toml.write(SILU));
    }
    if (family.readsAttentionBias()) {
      requireNone("attention_bias");
    }
    if (family.readsFeedForwardBias()) {
      requireNone("mlp_bias");
    }
    for (String field : new String[] {"quantization_config", "transformers_weights"}) {
      if (present(root, field)) {
        throw unsupported(field, root.get(field), "null");
      }
    }
  }

  private void requireNone(String bias) {
    if (present(root, bias) && !root.get(bias).equals(BooleanNode.FALSE)) {
      throw unsupported(bias, root.get(bias), "false");
    }
  }

  private void sizes() {
    giveRequired("vocabulary", root, "", "vocab_size");
    giveRequired("hidden", root, "", "hidden_size");
    giveRequired("layers", root, "", "num_hidden_layers");
    giveRequired("heads", root, "", HEADS);
    int heads = positive(HEADS);
    Object all = plain(root.get(HEADS));
    Object shared = root.has(KEY_VALUE_HEADS) ? all : family.keyValueHeads(all);
    give("keyValueHeads", KEY_VALUE_HEADS, shared);
    int groups = values.get("keyValueHeads").value() instanceof Integer n ? Math.max(0, n) : 0;
    if (heads > 0 && groups > 0 && heads % groups != 0) {
      throw problem(KEY_VALUE_HEADS + " = " + groups + ": must divide " + HEADS);
    }
    headSize(heads, positive("hidden_size"));
    giveRequired("feedForward", root, "", "intermediate_size");
  }

  /**
   * @param heads or 0 if the file says no such number
   * @param hidden likewise
   */
  private void headSize(int heads, int hidden) {
    int size = present(root, HEAD_SIZE) ? positive(HEAD_SIZE) : family.headSize().orElse(0);
    if (!present(root, HEAD_SIZE) && size == 0 && heads > 0 && hidden > 0) {
      if (hidden % heads != 0) {
        throw problem(HEADS + " = " + heads + ": must divide hidden_size");
      }
      size = hidden / heads;
    }
    if (size % 2 != 0) {
      throw problem(HEAD_SIZE + " = " + size + ": must be even");
    }
    give("headSize", HEAD_SIZE, size);
  }

  /** Takes a field of the file itself, or its default. */
  private void give(String key, String field, Object otherwise) {
    put(key, field, value(root, field, otherwise));
  }

  private void giveRequired(String key, JsonNode node, String in, String field) {
    if (!present(node, field)) {
      throw problem(in + field + " is missing");
    }
    put(key, in + field, plain(node.get(field)));
  }

  private void put(String key, String field, Object value) {
    values.put(key, new Given(field, value));
  }

  static Object value(JsonNode node, String field, Object otherwise) {
    return present(node, field) ? plain(node.get(field)) : otherwise;
  }

  /** Returns a value as TOML would have it; what TOML has not stays JSON, which no key takes. */
  static Object plain(JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToInt()) {
      return value.intValue();
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isArray()) {
      List<Object> items = new ArrayList<>();
      value.forEach(item -> items.add(plain(item)));
      return items;
    }
    return value.isNumber() ? value.numberValue() : value;
  }

  /** Returns a whole number above 0, or 0 if the file has none such there. */
  private int positive(String field) {
    return value(root, field, 0) instanceof Integer number ? Math.max(0, number) : 0;
  }

  static boolean present(JsonNode node, String field) {
    return node.hasNonNull(field);
  }

  private InputException unsupported(String field, JsonNode value, String allowed) {
    String brief = Toml.brief(plain(value));
    return problem(field + " = " + brief + ": not supported, must be " + allowed);
  }

  private InputException problem(String text) {
    return error.apply(FILE + ": " + text);
  }
}
