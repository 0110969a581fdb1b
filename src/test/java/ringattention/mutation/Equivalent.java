package ringattention.mutation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Mutants that no test can kill, because the changed program does the same.
 *
 * @param method package, class and method, without the root package
 * @param mutator as in {@link Mutant}
 * @param count how many mutants of this mutator on the line are meant
 * @param code part of the changed line: line numbers would not last
 * @param reason why nothing changes
 */
record Equivalent(String method, String mutator, int count, String code, String reason) {
  boolean describes(Mutant mutant) {
    return mutant.method().equals(method)
        && mutant.mutator().equals(mutator)
        && mutant.line().contains(code);
  }

  /**
   * Returns the entries of a list: paragraphs of method, mutator and count, then the code, then the
   * reason on one or more lines. Lines that begin with # are comments.
   *
   * @throws IOException if the file cannot be read or a paragraph is something else
   */
  static List<Equivalent> read(Path list) throws IOException {
    List<String> lines =
        Files.readAllLines(list).stream().filter(line -> !line.startsWith("#")).toList();
    List<Equivalent> entries = new ArrayList<>();
    for (String paragraph : String.join("\n", lines).strip().split("\n\n+")) {
      String[] parts = paragraph.strip().split("\n", 3);
      String[] head = parts[0].split(" ");
      if (parts.length < 3 || head.length != 3 || !head[2].matches("[1-9]")) {
        throw new IOException(
            list + ": not 'METHOD MUTATOR COUNT', code and reason on three lines: " + parts[0]);
      }
      entries.add(
          new Equivalent(
              head[0],
              head[1],
              Integer.parseInt(head[2]),
              parts[1].strip(),
              parts[2].strip().replaceAll("\\s*\n\\s*", " ")));
    }
    return entries;
  }
}
