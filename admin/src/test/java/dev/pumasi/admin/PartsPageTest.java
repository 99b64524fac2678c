package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.Placement;
import dev.pumasi.testkit.Browser;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A database and a queue on the page, in a real browser, while requests use them. */
@ExtendWith({LoadedClasses.class, LeakWatch.class})
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class PartsPageTest {

    /** The text of a figure: of the row of that name, in the card of that title, under that column. */
    private static final String FIGURE = "(() => { const card = [...document.querySelectorAll('#part-cards > .card')]"
            + ".find((each) => each.firstChild.textContent === '%s');"
            + " const row = [...(card?.querySelectorAll('tbody tr') ?? [])].find((each) => each.cells[0].firstChild.textContent"
            + ".includes('%s')); return [...(row?.cells ?? [])].find((cell) => cell.dataset.label === '%s')?.textContent; })()";

    @TempDir
    private Path folder;

    private final CountDownLatch gate = new CountDownLatch(1);
    private Database database;
    private Topic orders;

    @BeforeAll
    static void warmUp() throws Exception {
        AdminTest.warmUp();
    }

    private Response answer(Request request) throws Exception {
        switch (request.path()) {
            case "/insert" -> database.update("insert into dish (name) values (?)", "soup");
            case "/hold" ->
                database.transaction(tx -> {
                    tx.update("insert into dish (name) values (?)", "rice");
                    while (gate.getCount() > 0) {
                        request.loop().sleep(Duration.ofMillis(20)).await();
                    }
                    return true;
                });
            case "/publish" -> orders.publisher().publish(Message.of("order", "soup"));
            default -> {}
        }
        return Response.text("done\n");
    }

    private static void shows(Browser browser, String card, String row, String column, String value) throws Exception {
        browser.await(row + ": " + column + " " + value, FIGURE.formatted(card, row, column) + " === '" + value + "'");
    }

    @Test
    void aDatabaseAndAQueueAreSeenAtWork() throws Exception {
        if (Browser.isDeclaredAbsent()) {
            return;
        }
        try (LoopGroup loops = LoopGroup.start("pumasi-loop", 1, "auto");
                Database opened = Database.embedded(folder, "orders")
                        .placement(Placement.offloaded(2))
                        .open();
                Queue queue = Queue.open(loops.next(), "log:" + folder.resolve("shop") + "?segment=256k&message=64k")) {
            database = opened;
            database.update("create table dish (id identity primary key, name varchar(40) not null)");
            orders = queue.topic("orders");
            try (HttpServer server = HttpServer.builder(this::answer)
                            .on(loops.loops())
                            .port(0)
                            .start();
                    Admin admin = Admin.builder().show(server).title("parts").start();
                    Consumer mail = orders.consumer(
                            "mail",
                            GroupSettings.DEFAULT.withDeliveriesMax(1).withDelay(Duration.ZERO, Duration.ZERO));
                    Browser browser = new Browser()) {
                browser.size(1280, 1000);
                browser.go(admin.url() + "#parts");
                try {
                    databaseAtWork(server, browser);
                    queueAtWork(server, browser, mail);
                } catch (Throwable failed) {
                    browser.picture("parts-failed");
                    throw failed;
                } finally {
                    gate.countDown();
                }
                assertEquals(List.of(), browser.complaints());
                assertEquals(0, loops.loops().getFirst().status().hops(), () -> "" + loops.threadDump());
            }
        }
    }

    private void databaseAtWork(HttpServer server, Browser browser) throws Exception {
        String card = "Databases";
        shows(browser, card, "orders", "in use", "0");
        for (int i = 0; i < 7; i++) {
            assertEquals(200, Ask.get(server.port(), "/insert").status());
        }
        shows(browser, card, "orders", "admitted", "8"); // and the table
        try (Ask one = Ask.stream(server.port(), "/hold");
                Ask two = Ask.stream(server.port(), "/hold");
                Ask three = Ask.stream(server.port(), "/insert")) {
            shows(browser, card, "orders", "in use", "2");
            shows(browser, card, "orders", "waiting", "1");
            browser.picture("parts-database");
            gate.countDown();
            for (Ask each : List.of(one, two, three)) {
                assertEquals(200, each.head().status());
            }
        }
        shows(browser, card, "orders", "in use", "0");
        shows(browser, card, "orders", "admitted", "11");
    }

    private static void queueAtWork(HttpServer server, Browser browser, Consumer mail) throws Exception {
        for (int i = 0; i < 5; i++) {
            assertEquals(200, Ask.get(server.port(), "/publish").status());
        }
        shows(browser, "Queue topics", "orders", "published", "5");
        shows(browser, "Consumer groups", "orders / mail", "lag", "5");
        Delivery first = mail.take();
        shows(browser, "Consumer groups", "orders / mail", "in flight", "1");
        first.acknowledge();
        mail.take().reject("no soup left");
        shows(browser, "Consumer groups", "orders / mail", "dead letters", "1");
        shows(browser, "Consumer groups", "orders / mail", "lag", "3");
        shows(browser, "Consumer groups", "orders / mail", "acknowledged", "1");
        shows(browser, "Queue topics", "orders.dead", "kept messages", "1");
        browser.picture("parts-queue");
    }
}
