package ringattention.config;

import java.util.List;

/**
 * Where text comes from.
 *
 * @param path a file, or a folder that is read with all below it
 * @param extensions endings of the files to read, such as {@code .java}; empty: all
 */
public record DataConfig(String path, List<String> extensions) {
  static DataConfig read(Table table) {
    return new DataConfig(table.text("path", null), table.texts("extensions"));
  }
}
