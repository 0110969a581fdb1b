package ringattention.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Writes sections of plain values as TOML. JSON's texts, numbers and lists are TOML's too. */
final class TomlText {
  private TomlText() {}

  static String of(ObjectNode sections) {
    StringBuilder text = new StringBuilder();
    sections
        .fields()
        .forEachRemaining(
            section -> {
              text.append('[').append(section.getKey()).append("]\n");
              section
                  .getValue()
                  .fields()
                  .forEachRemaining(
                      entry ->
                          text.append(entry.getKey())
                              .append(" = ")
                              .append(value(entry.getValue()))
                              .append('\n'));
              text.append('\n');
            });
    return text.toString();
  }

  private static String value(JsonNode node) {
    return node.toString();
  }
}
