package ringattention.mutation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * One changed place of the program.
 *
 * @param method package, class and method, without the root package
 * @param mutator how it was changed, such as Math or ConditionalsBoundary
 * @param line the source line that was changed, without its indentation
 * @param change in pitest's words
 * @param status in pitest's words, such as KILLED
 */
record Mutant(String method, String mutator, String line, String change, String status) {
  private static final String ROOT = "ringattention.";

  boolean covered() {
    return !status.equals("NO_COVERAGE");
  }

  /** Returns whether a test failed, ran out of memory or did not end. */
  boolean killed() {
    return List.of("KILLED", "TIMED_OUT", "MEMORY_ERROR").contains(status);
  }

  /** Returns whether a test took too long. */
  boolean late() {
    return status.equals("TIMED_OUT");
  }

  /**
   * Returns all mutants of a report.
   *
   * @param report pitest's mutations.xml
   * @param sources where the packages begin
   */
  static List<Mutant> read(Path report, Path sources) throws IOException {
    NodeList found = parsed(report).getElementsByTagName("mutation");
    List<Mutant> mutants = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      mutants.add(of((Element) found.item(i), sources));
    }
    return mutants;
  }

  private static Document parsed(Path report) throws IOException {
    try {
      return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(report.toFile());
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(report + ": " + e.getMessage(), e);
    }
  }

  private static Mutant of(Element mutation, Path sources) throws IOException {
    String type = text(mutation, "mutatedClass");
    String folder = type.substring(0, type.lastIndexOf('.')).replace('.', '/');
    Path source = sources.resolve(folder).resolve(text(mutation, "sourceFile"));
    String mutator = text(mutation, "mutator");
    return new Mutant(
        type.substring(ROOT.length()) + "." + text(mutation, "mutatedMethod"),
        mutator.substring(mutator.lastIndexOf('.') + 1).replaceFirst("Mutator$", ""),
        Files.readAllLines(source).get(Integer.parseInt(text(mutation, "lineNumber")) - 1).strip(),
        text(mutation, "description"),
        mutation.getAttribute("status"));
  }

  private static String text(Element mutation, String name) {
    return mutation.getElementsByTagName(name).item(0).getTextContent();
  }
}
