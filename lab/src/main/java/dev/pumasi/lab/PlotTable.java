package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** The figures of a plot as a table, for those who do not see the picture, and those who want the numbers. */
record PlotTable(List<String> head, List<List<String>> rows) {

    /** Of a timeline with more stretches than that, only the sums are told. */
    private static final int STRETCHES_TOLD_MAX = 60;

    static PlotTable of(Plot plot) {
        return switch (plot) {
            case Plot.Curves curves -> ofCurves(curves);
            case Plot.Bars bars -> ofBars(bars);
            case Plot.Lanes lanes -> ofLanes(lanes);
            case Plot.Dots dots -> ofDots(dots);
        };
    }

    private static PlotTable ofCurves(Plot.Curves curves) {
        TreeSet<Double> places = new TreeSet<>();
        curves.curves().forEach(curve -> curve.points().forEach(point -> places.add(point.at())));
        List<String> head = new ArrayList<>(List.of(curves.up()));
        places.forEach(at -> head.add(String.format(Locale.ROOT, "%,.0f %s", at, curves.across())));
        List<List<String>> rows = new ArrayList<>();
        for (Plot.Curve curve : curves.curves()) {
            List<String> row = new ArrayList<>(List.of(curve.name()));
            for (double at : places) {
                row.add(curve.points().stream()
                        .filter(point -> point.at() == at)
                        .map(point -> shown(point.spread()) + (point.isDoubtful() ? " (at least)" : ""))
                        .findFirst()
                        .orElse("–"));
            }
            rows.add(row);
        }
        return new PlotTable(head, rows);
    }

    private static PlotTable ofBars(Plot.Bars bars) {
        return new PlotTable(
                List.of("", bars.unit() + " (lowest – highest)"),
                bars.bars().stream()
                        .map(bar -> List.of(bar.name(), shown(bar.spread())))
                        .toList());
    }

    private static PlotTable ofLanes(Plot.Lanes lanes) {
        int all =
                lanes.lanes().stream().mapToInt(lane -> lane.stretches().size()).sum();
        List<List<String>> rows = new ArrayList<>();
        if (all <= STRETCHES_TOLD_MAX) {
            for (Plot.Lane lane : lanes.lanes()) {
                for (Plot.Stretch stretch : lane.stretches()) {
                    rows.add(List.of(
                            lane.name(),
                            lanes.kinds().get(stretch.kind()),
                            stretch.what(),
                            shown(stretch.fromMillis()),
                            shown(stretch.toMillis())));
                }
            }
            return new PlotTable(List.of("who", "", "what", "from ms", "to ms"), rows);
        }
        List<String> head = new ArrayList<>(List.of("who"));
        lanes.kinds().forEach(kind -> head.add(kind + ", ms in all"));
        for (Plot.Lane lane : lanes.lanes()) {
            List<String> row = new ArrayList<>(List.of(lane.name()));
            for (int kind = 0; kind < lanes.kinds().size(); kind++) {
                int which = kind;
                row.add(shown(lane.stretches().stream()
                        .filter(stretch -> stretch.kind() == which)
                        .mapToDouble(Plot.Stretch::millis)
                        .sum()));
            }
            rows.add(row);
        }
        return new PlotTable(head, rows);
    }

    /** For each period, how many of each kind there were, and how high. */
    private static PlotTable ofDots(Plot.Dots dots) {
        List<String> head = new ArrayList<>(List.of("while"));
        for (String kind : dots.kinds()) {
            head.add(kind);
            head.add(dots.up() + " (lowest – highest)");
        }
        List<List<String>> rows = new ArrayList<>();
        for (Plot.Period period : dots.periods()) {
            List<String> row = new ArrayList<>(List.of(period.name()));
            for (int kind = 0; kind < dots.kinds().size(); kind++) {
                int which = kind;
                Spread heights = new Spread(dots.dots().stream()
                        .filter(dot -> dot.kind() == which && period.holds(dot))
                        .map(Plot.Dot::height)
                        .toList());
                row.add(String.valueOf(heights.rounds().size()));
                row.add(heights.rounds().isEmpty() ? "–" : shown(heights));
            }
            rows.add(row);
        }
        return new PlotTable(head, rows);
    }

    private static String shown(Spread spread) {
        return spread.rounds().size() < 2
                ? shown(spread.median())
                : shown(spread.median()) + " (" + shown(spread.lowest()) + " – " + shown(spread.highest()) + ")";
    }

    /** Three digits are enough, and more than a round is worth. */
    static String shown(double value) {
        double size = Math.abs(value);
        int decimals = size == 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}
