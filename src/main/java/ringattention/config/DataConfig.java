package ringattention.config;

import java.nio.file.Path;
import java.util.List;

/**
 * Section {@code [data]}.
 *
 * @param path a file or a folder of text, relative to the working directory
 * @param extensions of the files to read from a folder, without dot, e.g. {@code java}; empty: all
 *     files
 */
public record DataConfig(Path path, List<String> extensions) {
  public DataConfig {
    extensions = List.copyOf(extensions);
  }

  static DataConfig read(Table table) {
    Path path = table.path("path", Default.required("text"));
    List<String> extensions = table.texts("extensions", Default.list());
    table.require(
        extensions.stream().noneMatch(extension -> extension.startsWith(".")),
        "extensions",
        "must be without the leading dot");
    return new DataConfig(path, extensions);
  }
}
