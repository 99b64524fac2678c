package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

/** The report of a lab, with every kind of plot and with texts that would break a page: its files, and the page in a real browser. */
final class LabPageTest {

    private static final String NASTY = "</script><b>\"5 > 3\" & 'so', on\u2028";
    private static final Quantity CPU = new Quantity("cpu", "µs");
    private static final long BROWSER_SECONDS = 90;

    private record Shown(String name, String question, String explains) implements Scenario {
        @Override
        public List<String> rows() {
            return List.of("S22");
        }

        @Override
        public void run(Bench bench, Findings findings) {}
    }

    private static LabReport report() {
        Findings findings = new Findings(new Shown("trial", "What is this? " + NASTY, NASTY));
        for (int at : new int[] {1, 16, 128}) {
            for (int round = 0; round < 4; round++) {
                findings.add(CPU, "green", at, 10.0 / at + round);
                findings.add(CPU, NASTY, at, 20.0 / at + round);
            }
        }
        findings.plot(new Plot.Curves(
                "curves",
                "Curves " + NASTY,
                NASTY,
                "connections",
                "time, µs",
                true,
                List.of(
                        findings.curve(CPU, "green", (_, at) -> at > 16),
                        findings.curve(CPU, NASTY, (_, _) -> false))));
        findings.plot(new Plot.Bars(
                "bars",
                "Bars",
                "A bar.",
                "µs",
                false,
                List.of(new Plot.Bar("one", Spread.of(1.0, 2.0, 3.0)), new Plot.Bar(NASTY, Spread.of(-1.0, -2.0)))));
        findings.plot(new Plot.Lanes(
                "lanes",
                "Lanes",
                "A lane.",
                List.of("works", "waits"),
                List.of(
                        new Plot.Lane("main", List.of(new Plot.Stretch(0, 5, 0, NASTY), new Plot.Stretch(5, 9, 1, ""))),
                        new Plot.Lane("other", List.of()))));
        findings.plot(new Plot.Dots(
                "dots",
                "Dots",
                "A dot.",
                "ms waited",
                1,
                1000,
                List.of("well", "ill", "late"),
                List.of(new Plot.Period(0, 1.5, "all is well"), new Plot.Period(1.5, 3, NASTY)),
                List.of(
                        new Plot.Dot(0.5, 10, 0, NASTY),
                        new Plot.Dot(1.6, 20, 0, "a second"),
                        new Plot.Dot(2, 900, 1, "a third"),
                        new Plot.Dot(2.5, 1, 2, ""))));
        findings.verdict("green against red: %s.", "no significant difference");
        findings.remark("%s", NASTY);
        findings.table(List.of("who", "µs"), List.of(List.of(NASTY, "1,5"), List.of("b", "2")));
        return new LabReport(Map.of("Processor", NASTY), "today", 12.5, List.of(findings), List.of(NASTY));
    }

    @Test
    void theFiguresAreWholeInJsonAndCsv() throws LabException {
        JsonLine json = JsonLine.of(LabFiles.json(report()));
        JsonLine scenario = json.objects("scenarios").getFirst();
        assertEquals("trial", scenario.text("name"));
        assertEquals(4, scenario.objects("plots").size());
        assertEquals(6, scenario.objects("figures").size());
        assertEquals(11.5, scenario.objects("figures").getFirst().number("median"));
        List<String> csv = LabFiles.csv(report()).lines().toList();
        assertTrue(csv.contains("trial,cpu,µs,green,1,11.5000,10,13,10 11 12 13"), csv.toString());
        assertTrue(csv.stream().anyMatch(line -> line.contains("\"</script><b>\"\"5 > 3\"\"")), csv.toString());
    }

    @Test
    void theTerminalShowsATable() {
        String text = LabFiles.text(report());
        assertTrue(text.contains("  who" + " ".repeat(NASTY.length() - 3) + "   µs\n"), text);
        assertTrue(text.contains("  ! " + NASTY), text);
        assertTrue(text.endsWith("\nAll of it took 0 min 13 s.\n"), text);
    }

    @Test
    void thePageIsOneFileThatAsksNobodyForAnything() {
        String page = LabPage.html(report());
        assertFalse(Pattern.compile("<(script|img|iframe)[^>]*src=|<link[^>]*href=\"(?!data:)|@import|url\\(")
                .matcher(page.substring(0, page.indexOf("<script>")))
                .find());
        assertFalse(page.contains("<b>\"5"), "a text has become a tag");
        assertTrue(page.contains("<td>900</td>"), "of dots, too");
        assertTrue(page.contains("<figure id=\"trial-curves\">"), "each plot has an address");
        assertTrue(page.contains("<dt>Green thread</dt>"), "words are explained");
        assertTrue(page.contains("16 connections") && page.contains("(at least)"), "the figures are there as tables");
    }

    @Test
    void aBrowserDrawsEveryPlotWithoutAnError(@TempDir Path folder) throws IOException, InterruptedException {
        Assumptions.assumeTrue(
                Processors.isInstalled("chromium"),
                "not tested here: chromium is not installed (apt-get install chromium)");
        Path page = Files.writeString(folder.resolve("index.html"), LabPage.html(report()));
        for (String look :
                List.of("preferredColorScheme=1", "preferredColorScheme=0", "preferredColorScheme=0,narrow")) {
            Path log = folder.resolve("log-" + look);
            Path dom = folder.resolve("dom-" + look);
            browse(
                    folder,
                    log,
                    dom,
                    "--window-size=" + (look.endsWith("narrow") ? "500,900" : "1200,900"),
                    "--blink-settings=" + look.replace(",narrow", ""),
                    "--dump-dom",
                    page.toUri().toString());
            String said = Files.readString(log);
            assertFalse(said.contains("CONSOLE"), said);
            String drawn = Files.readString(dom, StandardCharsets.UTF_8);
            assertEquals(4, drawn.split("<svg", -1).length - 1, "plots that were drawn");
            for (String mark : List.of(
                    ">green</text>",
                    ">works</text>",
                    ">128</text>",
                    ">milliseconds</text>",
                    ">all is well</text>",
                    ">seconds</text>",
                    ">late</text>")) {
                assertTrue(drawn.contains(mark), mark);
            }
        }
        Path picture = folder.resolve("page.png");
        browse(
                folder,
                folder.resolve("log"),
                folder.resolve("out"),
                "--window-size=1000,3000",
                "--screenshot=" + picture,
                page.toUri().toString());
        assertTrue(Files.size(picture) > 50_000, "a picture of the page");
    }

    /** By the command that users have, from a folder with a name that an address must not contain as it is. */
    @Test
    void everyPlotIsSavedAsAPictureThatStandsByItself(@TempDir Path folder) throws Exception {
        Assumptions.assumeTrue(
                Processors.isInstalled("chromium"),
                "not tested here: chromium is not installed (apt-get install chromium)");
        Path reported = Files.createDirectory(folder.resolve("a report, 100 % #1?"));
        Files.writeString(reported.resolve("index.html"), LabPage.html(report()));
        assertEquals(
                List.of("trial-bars.svg", "trial-curves.svg", "trial-dots.svg", "trial-lanes.svg"),
                pictures(folder, 0, reported.toString())
                        .lines()
                        .map(line -> Path.of(line).getFileName().toString())
                        .sorted()
                        .toList());
        Path plots = reported.resolve("plots");
        for (var marks : Map.of(
                        "trial-curves",
                        List.of("time, µs", "128", "green"),
                        "trial-bars",
                        List.of("one", "µs", "-1.5"),
                        "trial-lanes",
                        List.of("milliseconds", "works", "waits", "main"),
                        "trial-dots",
                        List.of("seconds", "ms waited", "all is well", "late"))
                .entrySet()) {
            Path file = plots.resolve(marks.getKey() + ".svg");
            Document svg =
                    DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
            assertEquals("svg", svg.getDocumentElement().getTagName());
            assertTrue(svg.getDocumentElement().getAttribute("viewBox").startsWith("0 0 860 "), marks.getKey());
            assertEquals(1, svg.getElementsByTagName("title").getLength());
            List<String> words = new ArrayList<>();
            for (int i = 0; i < svg.getElementsByTagName("text").getLength(); i++) {
                words.add(svg.getElementsByTagName("text").item(i).getTextContent());
            }
            assertTrue(words.containsAll(marks.getValue()), words.toString());
            String title = svg.getElementsByTagName("title").item(0).getTextContent();
            assertTrue(words.contains(title) || title.contains(NASTY), "a title to be seen: " + words);
            assertTrue(Files.readString(file).contains("prefers-color-scheme:dark"), "it has a dark side");
            assertFalse(Pattern.compile("NaN|Infinity|undefined|font-family: |https?://(?!www\\.w3\\.org/)")
                    .matcher(Files.readString(file))
                    .find());
        }
        Path one = folder.resolve("one");
        pictures(folder, 0, reported.toString(), one.toString(), "trial-dots");
        try (Stream<Path> files = Files.list(one)) {
            assertEquals(List.of(one.resolve("trial-dots.svg")), files.toList());
        }
        assertTrue(pictures(folder, 1, reported.toString(), one.toString(), "trial-dot")
                .contains("there is no plot trial-dot in "));
        assertTrue(pictures(folder, 1, folder.toString()).contains("holds no report"));
    }

    /** What {@code lab/pictures} says. */
    private static String pictures(Path folder, int status, String... arguments)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(Path.of("pictures").toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        Path said = folder.resolve("said");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            assertTrue(process.waitFor(BROWSER_SECONDS, TimeUnit.SECONDS), "it did not end");
            assertEquals(status, process.exitValue(), () -> "see " + said);
            return Files.readString(said);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }
    }

    private static void browse(Path folder, Path log, Path out, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + folder.resolve("profile"),
                "--enable-logging=stderr"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(log.toFile());
        builder.environment().put("HOME", folder.toString());
        Process browser = builder.start();
        try {
            assertTrue(browser.waitFor(BROWSER_SECONDS, TimeUnit.SECONDS), "the browser did not end");
            assertEquals(0, browser.exitValue(), () -> "the browser's end; see " + log);
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly().onExit().join();
        }
    }
}
