package ringattention.data;

import java.util.ArrayList;
import java.util.List;
import ringattention.input.Configuration;
import ringattention.random.Seed;

/** The sources of section {@code [data]}, each as a corpus of its own. */
public final class DataSources {
  private static final List<String> KEYS =
      List.of("path", "extensions", "format", "field", "template", "skipBad", "idType", "endToken");

  /**
   * One source.
   *
   * @param number of its table, counted from 1
   * @param configuration whose section [data] is this source alone, also in errors
   */
  public record One(int number, DataSource source, Configuration configuration) {
    /** Returns the name of a key of its table. */
    String key(String name) {
      return key(number, name);
    }

    static String key(int number, String name) {
      return "data.source." + number + "." + name;
    }

    /** Returns the same sequences with a seed of the source's own: sources may hold the same. */
    public SampleShape shape(SampleShape of) {
      long seed = Seed.of(of.seed(), "source " + number).bits(0);
      return new SampleShape(of.sequence(), of.vocabulary(), seed);
    }
  }

  private DataSources() {}

  /** Returns what {@link Samples#digests} calls a source. */
  public static String name(int number) {
    return "source " + number;
  }

  /** Returns the sources that have a weight; none where the corpus is one. */
  public static List<One> of(Configuration configuration) {
    if (!configuration.has(DataConfig.SECTION)) {
      return List.of();
    }
    DataConfig data = configuration.get(DataConfig.SECTION);
    List<One> sources = new ArrayList<>();
    int number = 0;
    for (DataSource source : data.sources()) {
      number++;
      if (source.weight() > 0) {
        Configuration.Change alone =
            configuration.change().set(DataConfig.SECTION, data.of(source));
        for (String key : KEYS) {
          alone.naming("data." + key, One.key(number, key));
        }
        sources.add(new One(number, source, alone.done()));
      }
    }
    return sources;
  }

  /** Returns the full key of where the corpus is: of several sources, of the first that is read. */
  public static String pathKey(Configuration configuration) {
    List<One> sources = of(configuration);
    return sources.isEmpty() ? "data.path" : sources.get(0).key("path");
  }

  /** Returns the configurations of all files that are read: of sources, or of the one corpus. */
  static List<Configuration> configurations(Configuration configuration) {
    List<One> sources = of(configuration);
    return sources.isEmpty()
        ? List.of(configuration)
        : sources.stream().map(One::configuration).toList();
  }
}
