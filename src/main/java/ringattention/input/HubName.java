package ringattention.input;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** Names of models on Hugging Face's hub, which are no folders. */
public final class HubName {
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*");

  private HubName() {}

  /**
   * Returns what goes behind an error about a path where there is nothing: how to get a local
   * folder, if the path looks like a name on the hub (owner/model), else nothing.
   */
  public static String advice(Path path) {
    String name = path.toString();
    return NAME.matcher(name).matches()
        ? "; a local folder is needed, nothing is downloaded: if this is a model of the hub,"
            + " huggingface-cli download "
            + name
            + " --local-dir "
            + path.getFileName()
        : "";
  }
}
