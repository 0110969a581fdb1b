import org.bytedeco.javacpp.Loader;

/**
 * Loads JavaCPP presets once, so that their native libraries lie unpacked in its cache folder before several ranks look there at
 * the same time. Run by the build as a source file; the arguments are class names.
 */
final class UnpackNatives {
  private UnpackNatives() {}

  public static void main(String[] presets) throws ClassNotFoundException {
    for (String preset : presets) {
      Loader.load(Class.forName(preset));
    }
  }
}
