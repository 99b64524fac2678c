package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.Supervisor;
import dev.pumasi.testkit.Browser;
import dev.pumasi.testkit.Eventually;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The page of preforked workers, which are real processes, in a real browser: each tells of its loops, also while it hangs. */
@ExtendWith({LoadedClasses.class, LeakWatch.class})
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class CrewPageTest {

    private static final String ROWS = "document.querySelectorAll('#loops tbody tr')";
    private static final String DRAWN =
            "[...document.querySelectorAll('.track canvas')].filter((canvas) => { const copy = document.createElement('canvas');"
                    + " copy.width = canvas.width; copy.height = canvas.height;"
                    + " const pen = copy.getContext('2d', { willReadFrequently: true }); pen.drawImage(canvas, 0, 0);"
                    + " return pen.getImageData(0, 0, copy.width, copy.height).data.some((value) => value > 0); }).length";

    @TempDir
    private Path folder;

    private final List<Ask> clients = new ArrayList<>();

    @Test
    void eachWorkerTellsOfItsLoops() throws Exception {
        if (Browser.isDeclaredAbsent()) {
            return;
        }
        Path gate = Files.createFile(folder.resolve("gate"));
        ApplicationChoice hazards =
                new ApplicationChoice(HazardApplication.class.getName(), List.of(), Map.of("gate", gate.toString()));
        try (Supervisor supervisor = Supervisor.of(() -> CrewTest.plan(hazards))
                        .address(new InetSocketAddress("127.0.0.1", 0))
                        .teller(_ -> {})
                        .start();
                Admin admin = Admin.builder().title("workers").start();
                Browser browser = new Browser()) {
            admin.show(supervisor);
            browser.size(1280, 900);
            browser.go(admin.url());
            List<Long> workers = supervisor.workers();
            try {
                loopsOfEach(browser, workers);
                traffic(supervisor, browser);
                greenThreads(supervisor, browser);
                parts(browser, workers);
                blocked(supervisor, browser, gate);
            } catch (Throwable failed) {
                browser.picture("crew-failed");
                throw failed;
            }
            assertEquals(List.of(), browser.complaints());
            assertEquals(0, admin.ownLoop().hops());
        } finally {
            Files.deleteIfExists(gate);
            for (Ask client : clients) {
                client.close();
            }
        }
    }

    private static void loopsOfEach(Browser browser, List<Long> workers) throws Exception {
        browser.await("a line for each worker's loop", ROWS + ".length === 2");
        browser.await("a track for each", "document.querySelectorAll('.track canvas').length === 2");
        for (long worker : workers) {
            browser.await(
                    "turns of " + worker,
                    "[..." + ROWS + "].some((row) => row.textContent.includes('" + worker
                            + " · pumasi-loop-0') && /µs|ms/.test(row.cells[2].textContent))");
        }
    }

    private void traffic(Supervisor supervisor, Browser browser) throws Exception {
        Eventually.is("something drawn of both", () -> {
            for (int i = 0; i < 20; i++) {
                Ask.get(supervisor.port(), "/pool");
            }
            return browser.eval(DRAWN).intValue() == 2;
        });
        browser.picture("overview-workers");
    }

    private void greenThreads(Supervisor supervisor, Browser browser) throws Exception {
        for (int i = 0; i < 6; i++) {
            clients.add(Ask.stream(supervisor.port(), "/wait"));
        }
        browser.click("#tab-threads");
        browser.await("six that sleep", "document.querySelectorAll('#thread-table tbody tr').length === 6");
        browser.await("what for", "document.querySelector('#thread-table').textContent.includes('sleep PT40S')");
        browser.picture("threads-workers");
    }

    private static void parts(Browser browser, List<Long> workers) throws Exception {
        browser.click("#tab-parts");
        for (long worker : workers) {
            browser.await(
                    "the pool of " + worker,
                    "document.querySelector('#parts').textContent.includes('" + worker + " · hazards')");
        }
        browser.picture("parts-workers");
    }

    /** Looked at while it hangs: no loop of that worker answers anything. */
    private void blocked(Supervisor supervisor, Browser browser, Path gate) throws Exception {
        clients.add(Ask.stream(supervisor.port(), "/block"));
        browser.click("#tab-workers");
        browser.await(
                "which worker",
                "[...document.querySelectorAll('#worker-table .state.bad')].map((state) => state.textContent).join() === 'blocked'");
        browser.picture("workers-blocked");
        browser.click("#tab-stalls");
        browser.await(
                "the stack, while it hangs",
                "document.querySelector('#stall-list pre')?.textContent.includes('HazardApplication.answer')"
                        + " && document.querySelector('#stall-list .state').textContent.includes('still')");
        browser.click("#stall-list summary");
        browser.picture("stalls-workers");
        browser.click("#tab-overview");
        browser.await(
                "its loop, busy all the time",
                "[..." + ROWS + "].some((row) => row.querySelector('.bar.hot') !== null)");
        Files.delete(gate);
        browser.await(
                "the long turn, when it is over",
                "/green thread #\\d+/.test(document.querySelector('#long-turns').textContent)");
        browser.click("#tab-workers");
        browser.await("both serve", "document.querySelectorAll('#worker-table .state.good').length === 2");
        assertTrue(browser.text("#stall-badge").equals("1"), "the badge counts it");
    }
}
