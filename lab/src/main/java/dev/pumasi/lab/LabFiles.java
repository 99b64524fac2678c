package dev.pumasi.lab;

import java.util.Locale;

/** A {@link LabReport} as other programs read it, and as a terminal shows it. */
final class LabFiles {

    private LabFiles() {}

    // ------------------------------------------------------------------------------------------- JSON

    /** Everything, in one object. */
    static String json(LabReport report) {
        JsonWriter json = new JsonWriter();
        json.beginObject();
        json.field("begun", report.begun());
        json.field("seconds", report.seconds());
        json.name("environment").beginObject();
        report.environment().forEach(json::field);
        json.endObject();
        strings(json, "remarks", report.remarks());
        json.name("scenarios").beginArray();
        for (Findings findings : report.findings()) {
            scenario(json, findings);
        }
        json.endArray();
        json.endObject();
        return json.toString();
    }

    private static void scenario(JsonWriter json, Findings findings) {
        json.beginObject();
        json.field("name", findings.scenario().name());
        json.field("question", findings.scenario().question());
        json.field("seconds", findings.seconds());
        strings(json, "catalogue", findings.scenario().rows());
        strings(json, "verdicts", findings.verdicts());
        strings(json, "remarks", findings.remarks());
        json.name("figures").beginArray();
        for (Figure figure : findings.figures()) {
            json.beginObject();
            json.field("figure", figure.quantity().name());
            json.field("unit", figure.quantity().unit());
            json.field("subject", figure.subject());
            json.field("at", figure.at());
            spread(json, figure.spread());
            json.endObject();
        }
        json.endArray();
        json.name("plots").beginArray();
        findings.plots().forEach(plot -> plot(json, plot));
        json.endArray();
        json.endObject();
    }

    private static void strings(JsonWriter json, String name, Iterable<String> values) {
        json.name(name).beginArray();
        values.forEach(json::value);
        json.endArray();
    }

    private static void spread(JsonWriter json, Spread spread) {
        json.field("median", spread.median());
        json.field("lowest", spread.lowest());
        json.field("highest", spread.highest());
        json.name("rounds").beginArray();
        spread.rounds().forEach(json::value);
        json.endArray();
    }

    /** A plot as the page's script draws it. */
    private static void plot(JsonWriter json, Plot plot) {
        json.beginObject();
        json.field("name", plot.name());
        json.field("title", plot.title());
        json.field("says", plot.says());
        switch (plot) {
            case Plot.Curves curves -> {
                json.field("kind", "curves");
                json.field("across", curves.across());
                json.field("up", curves.up());
                json.field("logarithmic", curves.isLogarithmic());
                json.name("curves").beginArray();
                for (Plot.Curve curve : curves.curves()) {
                    json.beginObject();
                    json.field("name", curve.name());
                    json.name("points").beginArray();
                    for (Plot.Point point : curve.points()) {
                        json.beginObject();
                        json.field("at", point.at());
                        json.field("doubtful", point.isDoubtful());
                        spread(json, point.spread());
                        json.endObject();
                    }
                    json.endArray();
                    json.endObject();
                }
                json.endArray();
            }
            case Plot.Bars bars -> {
                json.field("kind", "bars");
                json.field("unit", bars.unit());
                json.field("logarithmic", bars.isLogarithmic());
                json.name("bars").beginArray();
                for (Plot.Bar bar : bars.bars()) {
                    json.beginObject();
                    json.field("name", bar.name());
                    spread(json, bar.spread());
                    json.endObject();
                }
                json.endArray();
            }
            case Plot.Lanes lanes -> {
                json.field("kind", "lanes");
                strings(json, "kinds", lanes.kinds());
                json.name("lanes").beginArray();
                for (Plot.Lane lane : lanes.lanes()) {
                    json.beginObject();
                    json.field("name", lane.name());
                    json.name("stretches").beginArray();
                    for (Plot.Stretch stretch : lane.stretches()) {
                        json.beginObject();
                        json.field("from", stretch.fromMillis());
                        json.field("to", stretch.toMillis());
                        json.field("kind", stretch.kind());
                        json.field("what", stretch.what());
                        json.endObject();
                    }
                    json.endArray();
                    json.endObject();
                }
                json.endArray();
            }
            case Plot.Dots dots -> {
                json.field("kind", "dots");
                json.field("up", dots.up());
                json.field("least", dots.least());
                json.field("most", dots.most());
                strings(json, "kinds", dots.kinds());
                json.name("periods").beginArray();
                for (Plot.Period period : dots.periods()) {
                    json.beginObject();
                    json.field("from", period.fromSeconds());
                    json.field("to", period.toSeconds());
                    json.field("name", period.name());
                    json.endObject();
                }
                json.endArray();
                json.name("dots").beginArray();
                for (Plot.Dot dot : dots.dots()) {
                    json.beginObject();
                    json.field("at", dot.atSeconds());
                    json.field("height", dot.height());
                    json.field("kind", dot.kind());
                    json.field("what", dot.what());
                    json.endObject();
                }
                json.endArray();
            }
        }
        json.endObject();
    }

    // ------------------------------------------------------------------------------------------- CSV

    /** A line for each figure (RFC 4180); the rounds of one figure stand in one field, with spaces between. */
    static String csv(LabReport report) {
        StringBuilder csv = new StringBuilder("scenario,figure,unit,subject,at,median,lowest,highest,rounds\r\n");
        for (Findings findings : report.findings()) {
            for (Figure figure : findings.figures()) {
                Spread spread = figure.spread();
                csv.append(findings.scenario().name())
                        .append(',')
                        .append(quoted(figure.quantity().name()))
                        .append(',')
                        .append(quoted(figure.quantity().unit()))
                        .append(',')
                        .append(quoted(figure.subject()))
                        .append(',')
                        .append(number(figure.at()))
                        .append(',')
                        .append(number(spread.median()))
                        .append(',')
                        .append(number(spread.lowest()))
                        .append(',')
                        .append(number(spread.highest()))
                        .append(',')
                        .append(String.join(
                                " ",
                                spread.rounds().stream().map(LabFiles::number).toList()))
                        .append("\r\n");
            }
        }
        return csv.toString();
    }

    private static String quoted(String text) {
        return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.6g", value);
    }

    // ------------------------------------------------------------------------------------------- the terminal

    /** The short tables, and what must be said. */
    static String text(LabReport report) {
        StringBuilder text = new StringBuilder();
        for (Findings findings : report.findings()) {
            text.append('\n')
                    .append(findings.scenario().name())
                    .append(": ")
                    .append(findings.scenario().question())
                    .append(String.format(Locale.ROOT, " (%.0f s)%n", findings.seconds()));
            table(text, findings.table());
            findings.remarks()
                    .forEach(remark -> text.append("  ! ").append(remark).append('\n'));
        }
        report.remarks().forEach(remark -> text.append("\n! ").append(remark).append('\n'));
        long seconds = Math.round(report.seconds());
        text.append(String.format(Locale.ROOT, "%nAll of it took %d min %02d s.%n", seconds / 60, seconds % 60));
        return text.toString();
    }

    private static void table(StringBuilder text, Findings.Table table) {
        int[] widths = new int[table.head().size()];
        for (int column = 0; column < widths.length; column++) {
            widths[column] = table.head().get(column).length();
            for (var row : table.rows()) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        if (widths.length > 0) {
            row(text, widths, table.head());
            table.rows().forEach(row -> row(text, widths, row));
        }
    }

    /** The first column begins at the left, the figures end at the right. */
    private static void row(StringBuilder text, int[] widths, java.util.List<String> cells) {
        for (int column = 0; column < widths.length; column++) {
            text.append("  ")
                    .append(String.format(
                            Locale.ROOT, "%" + (column == 0 ? "-" : "") + widths[column] + "s", cells.get(column)));
        }
        text.append('\n');
    }
}
