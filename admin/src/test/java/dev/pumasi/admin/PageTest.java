package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.testkit.Browser;
import dev.pumasi.testkit.Eventually;
import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/**
 * The page in a real browser. Where there is none, whoever runs the tests says so: {@code -Dpumasi.browser.absent=true}. With {@code
 * -Dpumasi.pictures=FOLDER} it leaves pictures for people to look at.
 */
@ExtendWith({LoadedClasses.class, LeakWatch.class})
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class PageTest {

    private static final List<String> TABS = List.of("threads", "parts", "workers", "stalls", "actions", "overview");

    /** Texts of less contrast than 4.5 : 1 (WCAG 2.2, 1.4.3), with what they have; those of disabled buttons are left out, as there. */
    private static final String FAINT = """
            (() => {
              const parts = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
              const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
                .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
                .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
              const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)); };
              const paper = (element) => {
                if (!element) return [255, 255, 255];
                const own = parts(getComputedStyle(element).backgroundColor);
                return (own[3] ?? 1) === 1 ? own : over(own, paper(element.parentElement));
              };
              const faint = [];
              for (const element of document.querySelectorAll("body *")) {
                const said = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
                if (!said || element.offsetParent === null || element.closest(":disabled, option, noscript, .only-read, .skip")) continue;
                const below = paper(element);
                const [one, other] = [light(over(parts(getComputedStyle(element).color), below)), light(below)];
                const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
                if (ratio < 4.5) faint.push(`${said.slice(0, 30)}: ${ratio.toFixed(2)}`);
              }
              return faint;
            })()""";

    private static final Token TOKEN = new Token("a-token-that-is-long-enough");
    private static final String HOSTILE = "<img src=x onerror='window.hacked=1'>&\"";

    private final List<Ask> clients = new ArrayList<>();
    private final List<Operation<Duration>> sleeping = new CopyOnWriteArrayList<>();
    private Browser browser;
    private LoopGroup loops;
    private HttpServer server;
    private Admin admin;
    private HeldPort port;

    /** In this order, on one page: a browser takes a second to start, and a page is used for longer than one click. */
    @TestFactory
    Stream<DynamicTest> thePage() {
        if (Browser.isDeclaredAbsent()) {
            return Stream.of();
        }
        return Stream.of(
                step("it loads, and says what it shows", this::loads),
                step("until the first frame each tab says what is awaited", this::awaits),
                step("figures change while one looks", this::changes),
                step("each tab opens, by mouse and by keyboard", this::tabs),
                step("a loop that is blocked is named with its stack", this::blocked),
                step("green threads are listed, and filtered", this::threads),
                step("what comes from outside stays text", this::escapes),
                step("the keyboard reaches everything, and one sees where it is", this::keyboard),
                step("each text can be read, dark and light", this::contrast),
                step("it fits a phone, in both languages, dark and light", this::fits),
                step("a button asks first, and needs the token", this::acts),
                step("it comes back by itself, and says so", this::comesBack),
                step("a server that is drained says so", this::drains),
                step("nothing hopped", this::hops),
                step("the end", this::end));
    }

    private DynamicTest step(String name, Executable body) {
        return DynamicTest.dynamicTest(name, () -> {
            try {
                body.execute();
            } catch (Throwable failed) {
                picture("failed");
                end();
                throw failed;
            }
        });
    }

    private Response answer(Request request) throws IOException {
        switch (request.path()) {
            case "/wait" -> {
                Operation<Duration> sleep = request.loop().sleep(Duration.ofMinutes(5));
                sleeping.add(sleep);
                try {
                    sleep.await();
                } catch (OperationException woken) {
                    return Response.text("woken\n");
                }
            }
            case "/block" -> {
                // Until it is noticed: on a busy machine the watchdog does not count the time without a processor.
                long until = System.nanoTime() + 20_000_000_000L;
                while (request.loop().lastStalls().isEmpty() && System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }
            default -> {}
        }
        return Response.text("hello\n");
    }

    private void openAdmin() throws IOException {
        admin = Admin.builder()
                .show(server)
                .token(TOKEN)
                .title("/srv/" + HOSTILE)
                .port(port.number())
                .start();
    }

    private void picture(String name) throws Exception {
        if (browser != null) {
            browser.picture(name);
        }
    }

    private void noComplaints() {
        assertEquals(List.of(), browser.complaints());
    }

    private void loads() throws Exception {
        loops = LoopGroup.start(
                "pumasi-loop",
                2,
                dev.pumasi.runtime.driver.Drivers.choose("auto").factory(),
                Duration.ofMillis(150));
        server = HttpServer.builder(this::answer).on(loops.loops()).port(0).start();
        port = HeldPort.take(); // it comes back to it
        openAdmin();
        browser = new Browser();
        browser.size(1280, 900);
        browser.go(admin.url());
        browser.await("the first frame", "document.querySelector('#state')?.textContent === 'Ready'");
        browser.await("the stream", "document.querySelector('#link-text').textContent === 'Live'");
        assertTrue(browser.eval("document.title").stringValue().endsWith(" – Pumasi"));
        browser.await("two tracks", "document.querySelectorAll('.track canvas').length === 2");
        browser.await("two loops", "document.querySelectorAll('#loops tbody tr').length === 2");
        noComplaints();
    }

    private void awaits() throws Exception {
        browser.call("Network.setBlockedURLs", Map.of("urls", List.of("*/events*")));
        browser.go("about:blank");
        browser.go(admin.url());
        browser.await(
                "that it is tried again, and when",
                "/Next try in \\d+ s/.test(document.querySelector('#notice .countdown')?.textContent)");
        for (String tab : TABS) {
            browser.click("#tab-" + tab);
            browser.await(
                    "what is awaited in " + tab,
                    "document.querySelector('#awaiting').innerText.includes('Nothing has come from the server yet')"
                            + " && document.querySelector('#awaiting span').textContent.startsWith('Here come')"
                            + " && document.querySelector('#" + tab + "').offsetParent === null");
        }
        picture("awaiting-desktop");
        browser.call("Network.setBlockedURLs", Map.of("urls", List.of()));
        browser.click("#notice button");
        browser.await("live at once", "document.querySelector('#link-text').textContent === 'Live'");
        browser.await(
                "the line to go",
                "document.querySelector('#awaiting').hidden && document.querySelector('#overview').offsetParent !== null");
        browser.forgive(); // a browser tells of each request that fails in its console
        browser.click("#tab-overview");
    }

    private void changes() throws Exception {
        String before = browser.text("#tiles .tile:nth-child(1) .more");
        for (int i = 0; i < 50; i++) {
            Ask.get(server.port(), "/");
        }
        browser.await(
                "the number of requests to change",
                "document.querySelector('#tiles .tile:nth-child(1) .more').textContent !== '" + before + "'");
        browser.await(
                "all fifty", "document.querySelector('#tiles .tile:nth-child(1) .more').textContent.startsWith('50 ')");
        browser.await(
                "something drawn on the timeline",
                "[...document.querySelectorAll('.track canvas')].some((canvas) => { const copy = document.createElement('canvas');"
                        + " copy.width = canvas.width; copy.height = canvas.height;"
                        + " const pen = copy.getContext('2d', { willReadFrequently: true }); pen.drawImage(canvas, 0, 0);"
                        + " return pen.getImageData(0, 0, copy.width, copy.height).data.some((value) => value > 0); })");
        noComplaints();
    }

    private void tabs() throws Exception {
        for (String tab : TABS) {
            browser.click("#tab-" + tab);
            browser.await(
                    "the tab", "document.querySelector('#tab-" + tab + "').getAttribute('aria-selected') === 'true'");
            browser.await(
                    "its panel alone",
                    "[...document.querySelectorAll('main > section')].filter((panel) => !panel.hidden).map((panel) => panel.id).join() === '"
                            + tab + "'");
            browser.await("something in it", "document.querySelector('#" + tab + "').innerText.trim().length > 20");
        }
        browser.eval("document.querySelector('#tab-overview').focus()");
        browser.press("ArrowRight");
        browser.await(
                "the next tab, with the focus",
                "document.activeElement.id === 'tab-threads' && !document.querySelector('#threads').hidden");
        browser.press("ArrowLeft");
        browser.press("ArrowLeft");
        browser.await("round to the last", "document.activeElement.id === 'tab-actions'");
        browser.press("Tab");
        browser.await("the first button of the panel", "document.activeElement.id === 'do-drain'");
        browser.click("#tab-overview");
        noComplaints();
    }

    private void blocked() throws Exception {
        Ask.get(server.port(), "/block");
        browser.await("the badge", "!document.querySelector('#stall-badge').hidden");
        browser.await("a long turn", "document.querySelector('#long-turns').textContent.includes('green thread #')");
        picture("overview-desktop-light-en");
        browser.click("#tab-stalls");
        browser.await(
                "the stack", "document.querySelector('#stall-list pre')?.textContent.includes('PageTest.answer')");
        browser.click("#stall-list summary");
        browser.await("it opens", "document.querySelector('#stall-list details').open");
        picture("stalls-desktop-light-en");
        noComplaints();
    }

    private void threads() throws Exception {
        for (int i = 0; i < 6; i++) {
            clients.add(Ask.stream(server.port(), "/wait"));
        }
        browser.click("#tab-threads");
        browser.await("six that sleep", "document.querySelectorAll('#thread-table tbody tr').length === 6");
        browser.await(
                "what they wait for", "document.querySelector('#thread-table').textContent.includes('sleep PT5M')");
        picture("threads-desktop-light-en");
        browser.eval("document.querySelector('#filter').focus()");
        browser.type("no such thing");
        browser.await("nothing left", "document.querySelector('#thread-table .empty') !== null");
        browser.eval(
                "document.querySelector('#filter').value = ''; document.querySelector('#filter').dispatchEvent(new Event('input'))");
        browser.await("all again", "document.querySelectorAll('#thread-table tbody tr').length === 6");
        noComplaints();
    }

    private void escapes() throws Exception {
        assertEquals("/srv/" + HOSTILE, browser.text("#title"));
        assertTrue(browser.eval("window.hacked === undefined").booleanValue());
        assertEquals(
                0, browser.eval("document.querySelectorAll('#title *').length").intValue());
        noComplaints();
    }

    /** By Tab alone, from the top: what has the focus is told, and has a ring. */
    private void keyboard() throws Exception {
        browser.eval("document.querySelector('.skip').focus()");
        List<String> met = new ArrayList<>(List.of("skip"));
        for (int i = 0; i < 20 && !met.getLast().startsWith("tab-"); i++) {
            browser.press("Tab");
            met.add(browser.eval("document.activeElement.id").stringValue());
            assertRing(met.getLast());
        }
        assertEquals(List.of("skip", "pause", "theme", "language", "tab-threads"), met, "arrows move within the tabs");
        browser.press("Tab");
        browser.await("the first of the panel", "document.activeElement.id === 'filter'");
        assertRing("filter");
        browser.click("#tab-stalls");
        browser.await("a stack", "document.querySelector('#stall-list details') !== null");
        browser.eval("document.querySelector('#stall-list details').open = false;"
                + " document.querySelector('#stall-list summary').focus()");
        browser.press("Enter");
        browser.await("the stack opens", "document.querySelector('#stall-list details').open");
        noComplaints();
    }

    private void assertRing(String around) throws Exception {
        assertTrue(
                browser.eval("(() => { const style = getComputedStyle(document.activeElement);"
                                + " return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; })()")
                        .booleanValue(),
                "no ring around " + around);
    }

    private void contrast() throws Exception {
        for (String theme : List.of("light", "dark")) {
            browser.eval("document.querySelector('#theme').value = '" + theme
                    + "'; document.querySelector('#theme').dispatchEvent(new Event('change'))");
            browser.await("the theme", "document.documentElement.dataset.theme === '" + theme + "'");
            for (String tab : TABS) {
                browser.click("#tab-" + tab);
                browser.await("live", "document.querySelector('#link').classList.contains('good')");
                assertEquals("[]", browser.eval(FAINT).toString(), tab + ", " + theme);
            }
        }
        noComplaints();
    }

    private void fits() throws Exception {
        for (String language : List.of("en", "ko")) {
            browser.eval("document.querySelector('#language').value = '" + language
                    + "'; document.querySelector('#language').dispatchEvent(new Event('change'))");
            browser.await("the language", "document.documentElement.lang === '" + language + "'");
            for (String theme : !Browser.takesPictures()
                    ? List.of("ko".equals(language) ? "dark" : "light")
                    : List.of("light", "dark")) {
                browser.eval("document.querySelector('#theme').value = '" + theme
                        + "'; document.querySelector('#theme').dispatchEvent(new Event('change'))");
                browser.await("the theme", "document.documentElement.dataset.theme === '" + theme + "'");
                for (int width : List.of(1280, 360)) {
                    browser.size(width, width == 360 ? 800 : 900);
                    for (String tab : List.of("overview", "threads", "parts", "workers", "stalls", "actions")) {
                        browser.click("#tab-" + tab);
                        browser.await(
                                "something in it",
                                "document.querySelector('#" + tab + "').innerText.trim().length > 20");
                        browser.await("live", "document.querySelector('#link').classList.contains('good')");
                        String wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
                        // What is drawn follows the new width a moment later.
                        browser.await(tab + " to fit into " + width + " px, in " + language, wide + " <= 0");
                        assertEquals(
                                "[]",
                                browser.eval("[...document.querySelectorAll('.tile .label, .tile .value, .tile .more')]"
                                                + ".filter((each) => each.scrollWidth > each.clientWidth)"
                                                + ".map((each) => each.textContent)")
                                        .toString(),
                                "cut off at " + width + " px, in " + language);
                        picture(tab + "-" + (width == 360 ? "phone" : "desktop") + "-" + theme + "-" + language);
                    }
                }
            }
        }
        assertFalse(browser.text("#tab-overview").equals("Overview"), "it should be Korean");
        browser.size(1280, 900);
        browser.eval(
                "document.querySelector('#language').value = 'en'; document.querySelector('#language').dispatchEvent(new Event('change'))");
        noComplaints();
    }

    private void acts() throws Exception {
        browser.click("#tab-actions");
        assertTrue(
                browser.eval("document.querySelector('#do-reload').disabled").booleanValue(),
                "there is nothing to reload");
        browser.eval("document.querySelector('#do-dump').focus()");
        browser.press("Enter");
        browser.await("the question", "document.querySelector('#ask').open && document.activeElement.id === 'token'");
        picture("ask-desktop");
        browser.press("Escape");
        browser.await("nothing done", "!document.querySelector('#ask').open && document.querySelector('#dump').hidden");
        browser.click("#do-dump");
        browser.await("the question", "document.activeElement.id === 'token'");
        browser.type("not-the-token-at-all");
        browser.click("#ask-yes");
        browser.await("it is refused", "document.querySelector('#action-said').textContent.includes('not the token')");
        browser.forgive(); // a browser tells of each 401 in its console
        browser.click("#do-dump");
        browser.await("the question", "document.activeElement.id === 'token'");
        browser.type(TOKEN.word());
        browser.click("#ask-yes");
        browser.await("the dump", "document.querySelector('#dump-text').textContent.includes('sleep PT5M')");
        assertTrue(browser.eval("document.cookie === '' && !localStorage.getItem('pumasi.token')")
                .booleanValue());
        picture("dump-desktop");
        noComplaints();
    }

    private void comesBack() throws Exception {
        browser.click("#tab-overview");
        admin.close();
        browser.await(
                "it says so",
                "!document.querySelector('#notice').hidden && document.querySelector('#link-text').textContent.startsWith('Disconnected')");
        picture("lost-desktop");
        openAdmin();
        browser.await(
                "live again",
                "document.querySelector('#link-text').textContent === 'Live' && document.querySelector('#notice').hidden");
        browser.forgive(); // a browser tells of each refused connection in its console
        browser.go("about:blank");
        browser.go(admin.link());
        browser.await("live with the link", "document.querySelector('#link-text')?.textContent === 'Live'");
        assertFalse(browser.eval("location.href").stringValue().contains("token"), "the token stays in the address");
        noComplaints();
    }

    private void drains() throws Exception {
        sleeping.forEach(Operation::cancel);
        for (Ask client : clients) {
            client.close();
        }
        browser.click("#tab-actions");
        browser.click("#do-drain");
        browser.await("the question", "document.querySelector('#ask').open");
        assertTrue(
                browser.eval("document.querySelector('#ask-token').hidden").booleanValue(),
                "the link brought the token");
        browser.click("#ask-yes");
        browser.await(
                "what came of it", "document.querySelector('#action-said').textContent.includes('accepts no more')");
        browser.await("the state", "document.querySelector('#state').textContent === 'Draining'");
        Eventually.is("the server to stop", server::isStopping);
        noComplaints();
    }

    private void hops() {
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(
                    0,
                    loops.loops().stream()
                            .map(Loop::status)
                            .mapToLong(LoopStatus::hops)
                            .sum(),
                    () -> "" + loops.threadDump());
            assertEquals(0, admin.ownLoop().hops());
        }
    }

    private void end() throws Exception {
        if (browser != null) {
            browser.close();
            browser = null;
        }
        for (Ask client : clients) {
            client.close();
        }
        if (admin != null) {
            admin.close();
        }
        if (server != null) {
            server.close();
        }
        if (loops != null) {
            loops.close();
            loops = null;
        }
        if (port != null) {
            port.close();
        }
    }
}
