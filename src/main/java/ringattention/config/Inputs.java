package ringattention.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reads an input file and what the command line changes of it. */
public final class Inputs {
  private final TomlMapper mapper = new TomlMapper();
  private final String origin;
  private final ObjectNode given;
  private final ObjectNode used = mapper.createObjectNode();
  private final Map<String, String> origins = new HashMap<>(); // full key -> who gave it
  private final List<String> absent = new ArrayList<>(); // sections that may be there but are not

  private Inputs(String origin, String toml, List<String> overrides) {
    this.origin = origin;
    this.given = parse(toml);
    overrides.forEach(this::override);
  }

  /**
   * @param overrides each {@code section.key=value}; the value is TOML, or else a text
   * @throws InputException naming file, key, value and what is allowed
   */
  public static Configuration read(Path file, List<String> overrides) {
    try {
      String toml = Files.readString(file, StandardCharsets.UTF_8);
      return new Configuration(new Inputs(file.toString(), toml, overrides));
    } catch (NoSuchFileException e) {
      throw new InputException(file + ": there is no such input file");
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read as UTF-8 text: " + e.getMessage());
    }
  }

  /** Nothing but defaults and what the command line says. */
  public static Configuration defaults(List<String> overrides) {
    return new Configuration(new Inputs("no input file", "", overrides));
  }

  private ObjectNode parse(String toml) {
    try {
      ObjectNode tree = (ObjectNode) mapper.readTree(toml);
      tree.fields()
          .forEachRemaining(
              entry -> {
                if (!entry.getValue().isObject()) {
                  throw new InputException(
                      origin + ": " + entry.getKey() + " = " + entry.getValue() + ": keys stand in sections, such as [train]");
                }
              });
      return tree;
    } catch (JacksonException e) {
      JsonLocation at = e.getLocation();
      String reason = e.getOriginalMessage().lines().findFirst().orElse("");
      String line = at == null ? "" : " line " + at.getLineNr() + ":";
      throw new InputException(origin + ":" + line + " not TOML: " + reason);
    }
  }

  private void override(String override) {
    int equals = override.indexOf('=');
    String key = equals < 0 ? override : override.substring(0, equals).strip();
    String[] parts = key.split("\\.", -1);
    if (equals < 0 || parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
      throw new InputException("-D " + override + ": must be section.key=value");
    }
    ObjectNode section = given.has(parts[0]) ? (ObjectNode) given.get(parts[0]) : given.putObject(parts[0]);
    section.set(parts[1], value(override.substring(equals + 1).strip()));
    origins.put(key, "-D");
  }

  private JsonNode value(String text) {
    try {
      JsonNode node = mapper.readTree("value = " + text).get("value");
      return node == null ? mapper.getNodeFactory().textNode(text) : node;
    } catch (JacksonException e) {
      return mapper.getNodeFactory().textNode(text); // as in -D data.path=some/folder
    }
  }

  String origin() {
    return origin;
  }

  ObjectNode used() {
    return used;
  }

  /** A section whose keys all have defaults. */
  <T> T section(String name, Function<Table, T> read) {
    ObjectNode section = given.has(name) ? (ObjectNode) given.get(name) : mapper.createObjectNode();
    origins.put(name, origin);
    Table table = new Table(name, section, used.putObject(name), origins);
    T record = read.apply(table);
    table.finish();
    return record;
  }

  /** A section with required keys, if it is there. */
  <T> Optional<T> optional(String name, Function<Table, T> read) {
    return given.has(name) ? Optional.of(section(name, read)) : absent(name);
  }

  private <T> Optional<T> absent(String name) {
    absent.add(name);
    return Optional.empty();
  }

  /** Refuses sections that nobody asked for. */
  void finish() {
    List<String> known = new ArrayList<>(absent);
    used.fieldNames().forEachRemaining(known::add);
    given
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!known.contains(name)) {
                boolean overridden = origins.keySet().stream().anyMatch(key -> key.startsWith(name + "."));
                throw new InputException(
                    Spelling.unknown(overridden ? "-D" : origin, "section " + name, "sections", known));
              }
            });
  }
}
