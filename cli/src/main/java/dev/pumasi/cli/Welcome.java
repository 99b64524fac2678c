package dev.pumasi.cli;

import dev.pumasi.http.Handler;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The page that {@code pumasi serve} shows when it is given no folder. */
final class Welcome {

    private Welcome() {}

    /** Answers {@code /} with the page, and everything else with 404. */
    static Router page() {
        Response page = Response.bytes(MediaType.HTML, bytes());
        return Router.builder().get("/", Handler.nonBlocking(_ -> page)).build();
    }

    private static byte[] bytes() {
        try (InputStream page = Welcome.class.getResourceAsStream("welcome.html")) {
            if (page == null) {
                throw new IllegalStateException("welcome.html is missing from this jar");
            }
            return page.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
