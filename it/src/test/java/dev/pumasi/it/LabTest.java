package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./pumasi lab} as its user starts it: real servers, real examples, a report, and the page in a real browser. */
final class LabTest {

    private static final long SECONDS_MAX = 300;
    private static final long PICTURE_BYTES_MAX = 60_000;

    private record Run(int status, String out, String err) {}

    private static Run run(Path folder, List<String> command) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS), () -> command + " did not end");
            return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }
    }

    private static List<String> lab(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(Checkout.ROOT.resolve("pumasi").toString(), "lab"));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Each scenario once, as short as it goes: real servers and examples, and every plot of every scenario in a real browser. */
    @Test
    void everyScenarioEndsWithAReportThatABrowserDraws(@TempDir Path folder) throws IOException, InterruptedException {
        Path report = folder.resolve("report");
        Run run = run(folder, lab("--trial", "--out", report.toString()));
        assertEquals(0, run.status, run.toString());
        assertTrue(run.out.contains("one cook, overlapped"), run.out);
        assertTrue(run.out.contains("! This was a trial"), run.out);
        assertTrue(run.out.contains("\nAll of it took "), run.out);
        assertFalse(run.out.contains("could not be run to its end"), run.out);
        assertFalse(run.out.contains("is left out"), run.out);
        assertTrue(run.out.contains(report.resolve("index.html").toUri().toString()), run.out);
        assertTrue(Files.readString(report.resolve("figures.csv")).contains("kitchen,time_for_all,ms,"), run.out);
        assertTrue(Files.readString(report.resolve("figures.json")).startsWith("{\"begun\":"), run.out);
        String page = drawn(folder, report, 1200);
        assertEquals(count(page, "<svg"), count(drawn(folder, report, 500), "<svg"), "plots on a small screen");
        List<String> pictures = pictures(folder, report);
        for (String scenario : List.of(
                "kitchen", "io-matrix", "models", "multiplexers", "blocking", "database", "switching", "services")) {
            int from = page.indexOf("<section id=\"" + scenario + "\"");
            assertTrue(from > 0, scenario);
            String section = page.substring(from, page.indexOf("</section>", from));
            int plots = count(section, "class=\"plot\"");
            assertTrue(plots > 0, scenario + " has no plot: " + run.out);
            assertEquals(plots, count(section, "<svg"), "plots that were drawn of " + scenario);
            assertEquals(plots, count(section, "class=\"save\""), "links to pictures of " + scenario);
            assertEquals(
                    plots,
                    pictures.stream()
                            .filter(picture -> picture.startsWith(scenario + "-"))
                            .count(),
                    "a picture of each plot, with a name of its own: " + pictures);
        }
    }

    /** As {@code ./pumasi serve --app} would serve it; where it fails, that is said, and the others go on. */
    @Test
    void aHandlerOfOnesOwnRunsUnderEveryModel(@TempDir Path folder) throws IOException, InterruptedException {
        Path report = folder.resolve("report");
        Run run = run(
                folder,
                lab(
                        "--trial",
                        "--only",
                        "models",
                        "--app",
                        PickyHandler.class.getName(),
                        "--class-path",
                        Checkout.ROOT.resolve("it/target/test-classes").toString(),
                        "--path",
                        "/checkout",
                        "--out",
                        report.toString()));
        assertEquals(0, run.status, run.toString());
        String figures = Files.readString(report.resolve("figures.csv"));
        for (String model : List.of("green", "event-loop", "worker-pool", "preforked", "prethreaded", "iterative")) {
            assertTrue(figures.contains("models,requests_per_second,requests/s," + model + ",16,"), run.out);
        }
        assertFalse(figures.contains(",threaded,16,"), "it fails there: " + figures);
        assertTrue(run.out.contains("! threaded: in some rounds requests failed (wrong status)"), run.out);
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    /** The names of the pictures that {@code lab/pictures} takes out of the report; each is one that fits a page of documentation. */
    private static List<String> pictures(Path folder, Path report) throws IOException, InterruptedException {
        Run taken = run(folder, List.of(Checkout.ROOT.resolve("lab/pictures").toString(), report.toString()));
        assertEquals(0, taken.status, taken.err);
        try (Stream<Path> files = Files.list(report.resolve("plots"))) {
            List<Path> pictures = files.toList();
            for (Path picture : pictures) {
                assertTrue(Files.readString(picture).startsWith("<svg "), picture.toString());
                assertTrue(Files.size(picture) < PICTURE_BYTES_MAX, picture + ": " + Files.size(picture));
            }
            return pictures.stream().map(path -> path.getFileName().toString()).toList();
        }
    }

    /** The page as a browser has drawn it, without an error. */
    private static String drawn(Path folder, Path report, int width) throws IOException, InterruptedException {
        Assumptions.assumeTrue(
                isThere("/usr/bin/chromium"), "not tested here: chromium is not installed (apt-get install chromium)");
        Run browser = run(
                folder,
                List.of(
                        "chromium",
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--enable-logging=stderr",
                        "--window-size=" + width + ",900",
                        "--dump-dom",
                        report.resolve("index.html").toUri().toString()));
        assertEquals(0, browser.status, browser.err);
        assertFalse(browser.err.contains("CONSOLE"), browser.err);
        return browser.out;
    }

    @Test
    void whatWasMeasuredUntilTheTimeWasUpIsReported(@TempDir Path folder) throws IOException, InterruptedException {
        Path report = folder.resolve("report");
        // The kitchen's first evening takes three seconds, most of them by the clock; both scenarios a minute. The time
        // for building counts, so
        // that is done before.
        Run listed = run(folder, List.of(Checkout.ROOT.resolve("examples/run").toString()));
        assertTrue(listed.err.contains("kitchen  "), listed.toString());
        Run run = run(folder, lab("--only", "kitchen,multiplexers", "--budget", "20", "--out", report.toString()));
        assertEquals(0, run.status, run.toString());
        assertTrue(run.out.contains("! Its time was up before all was measured; not there:"), run.out);
        assertTrue(Files.exists(report.resolve("index.html")), run.out);
    }

    private static boolean isThere(String program) {
        return Files.isExecutable(Path.of(program));
    }
}
