package dev.pumasi.examples;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** The timelines of several ways below each other, as a picture that browsers show: a row for each thread. */
final class TimelineSvg {

    private static final int WIDTH = 1000;
    private static final int LABEL_WIDTH = 100;
    private static final int MARGIN = 16;
    private static final int ROW_HEIGHT = 15;
    private static final int BAR_HEIGHT = 11;
    private static final int TITLE_HEIGHT = 44;
    private static final int AXIS_HEIGHT = 30;
    private static final long TICK_NANOS = 5_000_000;

    /** Steps so close to each other are drawn as one. */
    private static final long GAP_NANOS = 20_000;

    private final StringBuilder panels = new StringBuilder();
    private int height = MARGIN;

    /** The same colour for what belongs together. */
    private enum Part {
        BEFORE("#3b6fb6", "A B C"),
        QUERY("#9aa5b1", "the query"),
        AFTER("#e07b39", "D E F"),
        WAITING("#e3c9c9", "the main thread waits");

        private final String colour;
        private final String legend;

        Part(String colour, String legend) {
            this.colour = colour;
            this.legend = legend;
        }

        static Part of(char step) {
            return switch (step) {
                case 'A', 'B', 'C' -> BEFORE;
                case 'q' -> QUERY;
                case 'D', 'E', 'F' -> AFTER;
                default -> WAITING;
            };
        }
    }

    private record Bar(Part part, long beginNanos, long endNanos) {}

    /** One way: what it is, what it came to, and its steps in a window of that length. */
    void add(String title, String figures, List<StepRecorder.Step> steps, long windowNanos) {
        text(MARGIN, height + 16, "title", title);
        text(MARGIN, height + 33, "figures", figures);
        int top = height + TITLE_HEIGHT;
        TreeMap<String, List<StepRecorder.Step>> threads = new TreeMap<>(
                Comparator.comparing(StepRecorder::isOfDatabase).thenComparing(Comparator.naturalOrder()));
        for (StepRecorder.Step step : steps) {
            threads.computeIfAbsent(step.thread(), _ -> new ArrayList<>()).add(step);
        }
        int row = 0;
        int database = 0;
        for (var thread : threads.entrySet()) {
            int y = top + row++ * ROW_HEIGHT;
            text(
                    MARGIN,
                    y + BAR_HEIGHT - 1,
                    "thread",
                    StepRecorder.isOfDatabase(thread.getKey()) ? "database " + ++database : "main");
            panels.append(line(
                    "<rect class='idle' x='%d' y='%d' width='%d' height='%d'/>",
                    LABEL_WIDTH, y, WIDTH - MARGIN - LABEL_WIDTH, BAR_HEIGHT));
            for (Bar bar : bars(thread.getValue(), windowNanos)) {
                double from = x(bar.beginNanos, windowNanos);
                panels.append(line(
                        "<rect fill='%s' x='%.1f' y='%d' width='%.1f' height='%d'/>",
                        bar.part.colour, from, y, Math.max(0.4, x(bar.endNanos, windowNanos) - from), BAR_HEIGHT));
            }
        }
        int bottom = top + row * ROW_HEIGHT;
        for (long tick = 0; tick <= windowNanos; tick += TICK_NANOS) {
            double x = x(tick, windowNanos);
            panels.append(line("<path d='M%.1f %dv%d'/>", x, top - 3, bottom - top + 3));
            panels.append(line("<text class='tick' x='%.1f' y='%d'>%d ms</text>", x, bottom + 11, tick / 1_000_000));
        }
        height = bottom + AXIS_HEIGHT;
    }

    /** The whole picture. */
    String picture(String heading) {
        StringBuilder legend = new StringBuilder();
        int x = MARGIN;
        for (Part part : Part.values()) {
            legend.append(line(
                    "<rect fill='%s' x='%d' y='%d' width='12' height='12'/><text x='%d' y='%d'>%s</text>",
                    part.colour, x, height, x + 17, height + 10, part.legend));
            x += 40 + 7 * part.legend.length();
        }
        int whole = height + 2 * MARGIN;
        return line(
                        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' role='img' aria-label='%s'>",
                        WIDTH, whole, escaped(heading))
                + """
                <style>text{font:11px system-ui,sans-serif;fill:#222}.title{font-size:14px;font-weight:600}.figures{fill:#555}\
                .tick{text-anchor:middle;fill:#777;font-size:9px}path{stroke:#00000022}.idle{fill:#f3f4f6}</style>
                """
                + line("<rect fill='#fff' width='%d' height='%d'/>", WIDTH, whole) + panels + legend + "</svg>\n";
    }

    private static List<Bar> bars(List<StepRecorder.Step> steps, long windowNanos) {
        List<Bar> bars = new ArrayList<>();
        for (StepRecorder.Step step : steps.stream()
                .sorted(Comparator.comparingLong(StepRecorder.Step::beginNanos))
                .toList()) {
            Part part = Part.of(step.what());
            long begin = Math.max(0, step.beginNanos());
            long end = Math.min(windowNanos, step.endNanos());
            Bar last = bars.isEmpty() ? null : bars.getLast();
            if (last != null && last.part == part && begin - last.endNanos < GAP_NANOS && part != Part.QUERY) {
                bars.set(bars.size() - 1, new Bar(part, last.beginNanos, Math.max(last.endNanos, end)));
            } else {
                bars.add(new Bar(part, begin, end));
            }
        }
        return bars;
    }

    private static double x(long nanos, long windowNanos) {
        return LABEL_WIDTH + (double) nanos / windowNanos * (WIDTH - MARGIN - LABEL_WIDTH);
    }

    private void text(int x, int y, String kind, String what) {
        panels.append(line("<text class='%s' x='%d' y='%d'>%s</text>", kind, x, y, escaped(what)));
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values) + "\n";
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;");
    }
}
