package dev.pumasi.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * A {@link LabReport} as a page that people read: one file, with the plotting library inside, that needs no network and no server.
 *
 * <p>What is said in words, and the figures of every plot as a table, is in the page itself; only the drawing needs a script. So it can be
 * read without one, by a screen reader, and on paper.
 *
 * <p>The library is Apache ECharts (Apache License 2.0), from its WebJar: it draws in SVG, which prints well, and brings axes, spreads and
 * timelines in one piece. It is 1 MB of the file; smaller ones draw on a canvas, or have no timelines.
 */
final class LabPage {

    private static final String LIBRARY = "echarts.min.js";

    /** A column with a longer text than that is read, not compared: it stands at the left, and is broken into lines. */
    private static final int NUMBER_CHARACTERS_MAX = 24;

    private final LabReport report;
    private final StringBuilder html = new StringBuilder();

    private LabPage(LabReport report) {
        this.report = report;
    }

    static String html(LabReport report) {
        return new LabPage(report).write();
    }

    private String write() {
        html.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<meta name=\"color-scheme\" content=\"light dark\">\n")
                .append("<link rel=\"icon\" href=\"data:,\">\n")
                .append("<title>Pumasi lab</title>\n<style>\n")
                .append(resource("lab.css"))
                .append("</style>\n</head>\n<body>\n");
        head();
        report.findings().forEach(this::section);
        foot();
        html.append("<script type=\"application/json\" id=\"report\">")
                .append(inScript(LabFiles.json(report)))
                .append("</script>\n<script>\n")
                .append(resource(LIBRARY))
                .append("\n</script>\n<script>\n")
                .append(resource("lab.js"))
                .append("</script>\n</body>\n</html>\n");
        return html.toString();
    }

    private void head() {
        html.append("<header>\n<h1>Pumasi lab</h1>\n<p class=\"lead\">What each way to do several things at once costs,"
                + " measured on this machine in real runs.</p>\n");
        html.append("<nav aria-label=\"Scenarios\"><ul>\n");
        for (Findings findings : report.findings()) {
            html.append("<li><a href=\"#")
                    .append(findings.scenario().name())
                    .append("\">")
                    .append(escaped(findings.scenario().question()))
                    .append("</a></li>\n");
        }
        html.append(
                "<li><a href=\"#conditions\">Where and how was it measured?</a></li>\n<li><a href=\"#words\">What do these words mean?</a></li>\n"
                        + "</ul></nav>\n</header>\n<main>\n");
        remarks(report.remarks());
    }

    private void section(Findings findings) {
        Scenario scenario = findings.scenario();
        html.append("<section id=\"")
                .append(scenario.name())
                .append("\">\n<h2>")
                .append(escaped(scenario.question()))
                .append("</h2>\n<p>")
                .append(escaped(scenario.explains()))
                .append("</p>\n");
        remarks(findings.remarks());
        if (!findings.table().rows().isEmpty()) {
            html.append("<h3>In short</h3>\n");
            table(scenario.question(), findings.table().head(), findings.table().rows());
        }
        findings.plots().forEach(plot -> plot(scenario.name() + "-" + plot.name(), plot));
        if (!findings.verdicts().isEmpty()) {
            html.append(
                    "<h3>Is the difference real?</h3>\n<p>Rounds of the same thing never come out quite alike. Where the rounds of two"
                            + " lie too much among each other, this says so (test of Mann and Whitney, 5 %).</p>\n<ul class=\"verdicts\">\n");
            findings.verdicts()
                    .forEach(verdict ->
                            html.append("<li>").append(escaped(verdict)).append("</li>\n"));
            html.append("</ul>\n");
        }
        html.append("</section>\n");
    }

    private void remarks(List<String> remarks) {
        if (!remarks.isEmpty()) {
            html.append(
                    "<aside class=\"remarks\" aria-label=\"Before you believe it\"><p>Before you believe these figures:</p>\n<ul>\n");
            remarks.forEach(
                    remark -> html.append("<li>").append(escaped(remark)).append("</li>\n"));
            html.append("</ul></aside>\n");
        }
    }

    private void plot(String id, Plot plot) {
        html.append("<figure id=\"")
                .append(id)
                .append("\">\n<h3 id=\"")
                .append(id)
                .append("-title\">")
                .append(escaped(plot.title()))
                .append("</h3>\n<div class=\"plot\" id=\"")
                .append(id)
                .append("-plot\" role=\"img\" aria-labelledby=\"")
                .append(id)
                .append("-title\" aria-describedby=\"")
                .append(id)
                .append("-says\"></div>\n<figcaption id=\"")
                .append(id)
                .append("-says\">")
                .append(escaped(plot.says()))
                .append("</figcaption>\n<details><summary>The figures as a table</summary>\n");
        PlotTable figures = PlotTable.of(plot);
        table(plot.title(), figures.head(), figures.rows());
        html.append("</details>\n</figure>\n");
    }

    /** Whoever has no pointer reaches it by Tab and moves it by arrows, where it is wider than the screen. */
    private void table(String name, List<String> head, List<List<String>> rows) {
        html.append("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Figures: ")
                .append(escaped(name))
                .append("\"><table>\n<thead><tr>");
        for (int i = 0; i < head.size(); i++) {
            html.append("<th scope=\"col\"")
                    .append(i > 0 && isText(rows, i) ? " class=\"text\">" : ">")
                    .append(escaped(head.get(i)))
                    .append("</th>");
        }
        html.append("</tr></thead>\n<tbody>\n");
        for (List<String> row : rows) {
            html.append("<tr>");
            for (int i = 0; i < row.size(); i++) {
                html.append(i == 0 ? "<th scope=\"row\">" : isText(rows, i) ? "<td class=\"text\">" : "<td>")
                        .append(escaped(row.get(i)))
                        .append(i == 0 ? "</th>" : "</td>");
            }
            html.append("</tr>\n");
        }
        html.append("</tbody></table></div>\n");
    }

    private static boolean isText(List<List<String>> rows, int column) {
        return rows.stream().anyMatch(row -> row.get(column).length() > NUMBER_CHARACTERS_MAX);
    }

    private void foot() {
        html.append("<section id=\"conditions\">\n<h2>Where and how was it measured?</h2>\n<p>Measured ")
                .append(escaped(report.begun()))
                .append(String.format(Locale.ROOT, ", in %.0f seconds. ", report.seconds()))
                .append(
                        "Who is compared took turns, round by round; a point or a bar is the median of its rounds, and the thin line"
                                + " through it reaches from the lowest to the highest. Warming up does not count.</p>\n<dl>\n");
        report.environment()
                .forEach((name, value) -> html.append("<dt>")
                        .append(escaped(name))
                        .append("</dt><dd>")
                        .append(escaped(value))
                        .append("</dd>\n"));
        html.append(
                "</dl>\n<p>All figures are in <a href=\"figures.csv\">figures.csv</a> and <a href=\"figures.json\">figures.json</a>"
                        + " beside this page. Each plot can be saved as a picture by the link below it.</p>\n</section>\n");
        words();
        html.append(
                "</main>\n<footer><p>Plots are drawn by Apache ECharts, under the Apache License 2.0.</p></footer>\n");
    }

    private void words() {
        html.append("<section id=\"words\">\n<h2>What do these words mean?</h2>\n<dl>\n");
        LabWords.meanings()
                .forEach((word, meaning) -> html.append("<dt>")
                        .append(escaped(word))
                        .append("</dt><dd>")
                        .append(escaped(meaning))
                        .append("</dd>\n"));
        html.append("</dl>\n</section>\n");
    }

    /** Nothing in a text can end the script in which it stands. */
    private static String inScript(String json) {
        return json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029");
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private static String resource(String name) {
        try (InputStream in = LabPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the build has left out " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
