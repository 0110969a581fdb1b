package ringattention.report;

import java.awt.AWTError;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.IChart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.HeatMapStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws charts of one look, without a screen. */
final class Charts {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 560;

  /**
   * Colours that differ in print too (of Tableau 10 and 20), and grey for the rest behind all
   * phases.
   */
  private static final int[] COLOURS = {
    0x4e79a7, 0xf28e2b, 0x76b7b2, 0x59a14f, 0x2f4b7c, 0xe15759, 0xedc948, 0xb07aa1, 0xff9da7,
    0x9c755f, 0x8cd17d, 0x499894, 0xd37295, 0xb6992d, 0xbab0ac
  };

  private Charts() {}

  /** Returns a colour of the plots' own, by the number of a series. */
  static Color colour(int series) {
    return new Color(COLOURS[series % COLOURS.length]);
  }

  static XYChart xy(
      String title, Plots.Axis x, Plots.Axis y, List<Plots.Series> series, boolean marks) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x.title())
            .yAxisTitle(y.title())
            .build();
    style(chart.getStyler());
    chart.getStyler().setXAxisLogarithmic(x.logarithmic()).setYAxisLogarithmic(y.logarithmic());
    chart.getStyler().setXAxisLogarithmicDecadeOnly(false).setYAxisLogarithmicDecadeOnly(false);
    chart.getStyler().setXAxisTickLabelsFormattingFunction(x::label);
    chart.getStyler().setYAxisTickLabelsFormattingFunction(y::label);
    chart.getStyler().setLegendVisible(series.size() > 1);
    for (Plots.Series line : series) {
      List<Double> xs = new ArrayList<>();
      List<Double> ys = new ArrayList<>();
      for (int i = 0; i < line.x().length; i++) {
        if (drawable(line.x()[i], x) && drawable(line.y()[i], y)) {
          xs.add(line.x()[i]);
          ys.add(line.y()[i]);
        }
      }
      if (!xs.isEmpty()) {
        chart
            .addSeries(line.name(), xs, ys)
            .setMarker(marks || xs.size() == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE)
            .setLineStyle(new BasicStroke(2));
      }
    }
    return chart;
  }

  static CategoryChart categories(String title, String x, String y) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    chart.getStyler().setAvailableSpaceFill(0.7);
    style(chart.getStyler());
    return chart;
  }

  static HeatMapChart map(
      String title, Plots.Labels columns, Plots.Labels rows, double[][] shares) {
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(columns.title())
            .yAxisTitle(rows.title())
            .build();
    HeatMapStyler styler = chart.getStyler();
    style(styler);
    styler.setRangeColors(
        new Color[] {new Color(0xe15759), new Color(0xffe599), new Color(0x59a14f)});
    styler.setMin(0).setMax(1);
    styler.setShowValue(true).setHeatMapValueDecimalPattern("0.00");
    styler.setHeatMapDecimalValueFormatter(value -> String.format(Locale.ROOT, "%.2f", value));
    List<Number[]> cells = new ArrayList<>();
    for (int column = 0; column < shares.length; column++) {
      for (int row = 0; row < shares[column].length; row++) {
        cells.add(new Number[] {column, row, shares[column][row]});
      }
    }
    chart.addSeries("share of cases", columns.values(), rows.values(), cells);
    return chart;
  }

  private static boolean drawable(double value, Plots.Axis axis) {
    return Double.isFinite(value) && (value > 0 || !axis.logarithmic());
  }

  private static void style(AxesChartStyler styler) {
    styler.setPlotGridLinesColor(new Color(225, 225, 225));
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setLegendPosition(LegendPosition.OutsideE);
    styler.setMarkerSize(7);
    styler.setSeriesColors(Arrays.stream(COLOURS).mapToObj(Color::new).toArray(Color[]::new));
  }

  /** A series without a point to draw is not in the chart. */
  static void restyle(
      XYChart chart, Plots.Series series, Color colour, Marker marker, BasicStroke line) {
    chart.getSeriesCollection().stream()
        .filter(drawn -> drawn.getName().equals(series.name()))
        .forEach(
            drawn -> {
              drawn.setMarker(marker).setMarkerColor(colour);
              drawn.setLineStyle(line).setLineColor(colour);
            });
  }

  static byte[] png(Supplier<IChart> chart) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      ImageIO.write(BitmapEncoder.getBufferedImage(chart.get()), "png", bytes);
      return bytes.toByteArray();
    } catch (IOException | RuntimeException | LinkageError | InternalError | AWTError e) {
      throw new OutputException("cannot draw: " + e, e);
    }
  }
}
