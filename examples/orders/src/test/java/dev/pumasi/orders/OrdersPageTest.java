package dev.pumasi.orders;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.server.Settings;
import dev.pumasi.testkit.LogWatch;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The page as a customer sees it, in a real browser. */
@ExtendWith(LogWatch.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class OrdersPageTest {

    private static final String CUSTOMER = "마루 <b>bold</b>";

    @TempDir
    Path folder;

    @Test
    void aCustomerOrdersAndSeesIt() throws Exception {
        if (!Browser.isInstalled()) {
            System.out.println("not tested: chromium is not installed (Debian package chromium)");
            return;
        }
        Path profile = Files.createDirectory(folder.resolve("profile"));
        OrdersApplication application = new OrdersApplication();
        HttpServer server = HttpServer.builder(application.open(
                        Settings.of(Map.of("data", folder.resolve("data").toString()))))
                .port(0)
                .loops(1)
                .start();
        try (Browser browser = Browser.open(profile)) {
            browser.visit(URI.create("http://localhost:" + ((InetSocketAddress) server.address()).getPort() + "/"));
            browser.until("document.querySelectorAll('#menu tr').length === 5");
            browser.until("document.getElementById('count').textContent.startsWith('0')");
            browser.evaluate("document.getElementById('customer').value = '" + CUSTOMER + "'");
            browser.evaluate("document.querySelector('#menu input[name=\"국\"]').value = 2");
            browser.evaluate("document.querySelector('#menu input[name=\"밥\"]').value = 1");
            browser.evaluate("document.querySelector('#form button').click()");
            browser.until("document.querySelectorAll('#orders tr').length === 1");
            assertEquals("Order 1: 10.50. Thank you!", browser.evaluate("document.getElementById('said').textContent"));
            assertEquals(CUSTOMER, browser.evaluate("document.querySelector('#orders td:nth-child(2)').textContent"));
            assertEquals("0", browser.evaluate("document.querySelectorAll('#orders b').length"), "text, and no markup");
            assertEquals(
                    "999998",
                    browser.evaluate("[...document.querySelectorAll('#menu tr')]"
                            + ".find(row => row.textContent.includes('soup')).cells[2].textContent"));
            assertEquals(List.of(), browser.complaints(), "nothing in the console");

            browser.evaluate("document.querySelector('#menu input[name=\"떡\"]').value = 13");
            browser.evaluate("document.querySelector('#form button').click()");
            browser.until("document.getElementById('said').className === 'wrong'");
            assertTrue(browser.evaluate("document.getElementById('said').textContent")
                    .startsWith("There is not enough left."));
            assertEquals("1", browser.evaluate("document.querySelectorAll('#orders tr').length"));
        } finally {
            server.stop(Duration.ofSeconds(5));
            application.close();
        }
    }
}
