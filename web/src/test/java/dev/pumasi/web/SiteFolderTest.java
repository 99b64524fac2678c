package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.HeldPort;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/** Scripts and uploads as a configuration file has them; what they do themselves is seen in {@link CgiTest} and {@link UploadsTest}. */
@OnEachDriver
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(120)
class SiteFolderTest {

    private static final String TELL = "printf 'Content-Type: text/plain\\n\\n'; "
            + "printf '%s|' \"$REQUEST_METHOD\" \"$SCRIPT_NAME\" \"$PATH_INFO\" \"$QUERY_STRING\" \"$REMOTE_USER\"; cat";

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private HeldPort held;
    private int port;
    private OpenSite site;

    @BeforeEach
    void open(LogWatch log) throws Exception {
        log.allow("has no process groups"); // nio
        held = HeldPort.take();
        port = held.number();
        write("www/cgi-bin/tell.sh", TELL);
        write("www/cgi-bin/go.sh", "printf 'Location: /cgi-bin/tell.sh/there?x=1\\n\\n'");
        write("www/cgi-bin/plain.txt", "no script");
        write("www/cgi-bin/silent.sh", "exec sleep 600");
        write("www/cgi-bin/endless.sh", "printf 'Content-Type: text/plain\\n\\nso far'; exec sleep 600");
        Path marked = write("other/marked", "#!/bin/sh\n" + TELL);
        Files.setPosixFilePermissions(marked, PosixFilePermissions.fromString("rwxr-xr-x"));
        write("outside.sh", "printf '\\n\\noutside'");
        write("www/gone.html", "a page of its own");
        Files.createDirectories(folder.resolve("www/files"));
        Files.createDirectories(folder.resolve("store"));
        Files.writeString(folder.resolve("users"), "cook:{PLAIN}secret\n");
        site = OpenSite.open(
                folder, """
                client_max_body_size 1m;
                server {
                    listen 127.0.0.1:PORT;
                    root www;
                    error_page 404 /gone.html;
                    location /cgi-bin/ { cgi_pass .sh sh; }
                    location /marked/ { alias FOLDER/other/; cgi_pass executable; }
                    location /locked/ { alias FOLDER/www/cgi-bin/; cgi_pass .sh sh; auth_basic k; auth_basic_user_file users; }
                    location ~ ^/app/(.*)$ { rewrite ^/app/(.*) /cgi-bin/tell.sh/$1?page=$1 last; }
                    location /small/ { alias FOLDER/www/cgi-bin/; cgi_pass .sh sh; client_max_body_size 4; }
                    location /hasty/ { alias FOLDER/www/cgi-bin/; cgi_pass .sh sh; cgi_read_timeout 100ms; }
                    location /brief/ { alias FOLDER/www/cgi-bin/; cgi_pass .sh sh; cgi_time_limit 1s; cgi_processes 1; }
                    location /files/ { dav_methods PUT DELETE; }
                    location /made/ { dav_methods PUT; create_full_put_path on; }
                    location /in/ { alias FOLDER/store/; dav_methods POST; }
                }
                """.replace("PORT", Integer.toString(port)).replace("FOLDER", folder.toString()), driver);
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    @AfterEach
    void close() throws IOException {
        site.close();
        held.close();
    }

    private WholeAnswer ask(String method, String target, String body, String... fields) throws IOException {
        return WholeAnswer.to(port, method, target, body.getBytes(StandardCharsets.UTF_8), fields);
    }

    private WholeAnswer get(String target, String... fields) throws IOException {
        return WholeAnswer.to(port, "GET", target, fields);
    }

    @Test
    void scriptsAreToldWhatTheSiteHasMadeOfTheRequest() throws IOException {
        assertEquals(
                "GET|/cgi-bin/tell.sh|/a b|x=1||",
                get("/cgi-bin/tell.sh/a%20b?x=1").text());
        assertEquals(
                "POST|/cgi-bin/tell.sh||||dough",
                ask("POST", "/cgi-bin/tell.sh", "dough").text());
        assertEquals("GET|/marked/marked|/x|||", get("/marked/marked/x").text());
        assertEquals("GET|/cgi-bin/tell.sh|/soup|page=soup||", get("/app/soup").text());
        assertEquals("GET|/cgi-bin/tell.sh|/there|x=1||", get("/cgi-bin/go.sh").text());
        String cook = Base64.getEncoder().encodeToString("cook:secret".getBytes(StandardCharsets.UTF_8));
        assertEquals(401, get("/locked/tell.sh").status());
        assertEquals(
                "GET|/locked/tell.sh|||cook|",
                get("/locked/tell.sh", "Authorization: Basic " + cook).text());
    }

    @Test
    void theTimeOfScriptsIsLimited(LogWatch log) throws IOException {
        log.expect("was silent for PT0.1S").expect("the body of the answer to GET /brief/endless.sh");
        assertEquals(504, get("/hasty/silent.sh").status());
        WholeAnswer answer = get("/brief/endless.sh");
        assertEquals("so far", answer.text());
        assertFalse(answer.complete(), "a cut answer must not look complete");
    }

    /** A file that was asked for a moment ago is answered from memory, but not when it has been changed through the site itself. */
    @Test
    void whatWasStoredOrDeletedIsSeenAtOnce() throws IOException {
        for (String dough : new String[] {"thin", "t".repeat(300_000), "thick"}) { // which are kept in two ways
            int first = ask("PUT", "/files/dough.txt", dough).status();
            assertTrue(first == 201 || first == 204, first + " for " + dough.length());
            for (int i = 0; i < 8; i++) { // by now on each loop
                assertEquals(dough, get("/files/dough.txt").text());
            }
        }
        assertEquals(204, ask("DELETE", "/files/dough.txt", "").status());
        for (int i = 0; i < 8; i++) {
            assertEquals(404, get("/files/dough.txt").status());
        }
    }

    @Test
    void whatIsNoScriptIsNotRunAndNotShown() throws IOException {
        assertEquals(403, get("/cgi-bin/plain.txt").status());
        assertEquals(403, get("/marked/../cgi-bin/plain.txt").status());
        WholeAnswer missing = get("/cgi-bin/none.sh");
        assertEquals(404, missing.status());
        assertEquals("a page of its own", missing.text());
        for (String target : new String[] {
            "/cgi-bin/..%2f..%2foutside.sh", "/marked/..%2foutside.sh", "/cgi-bin/%2e%2e/%2e%2e/outside.sh"
        }) {
            WholeAnswer answer = get(target);
            assertTrue(answer.status() >= 400, target);
            assertFalse(answer.text().contains("outside"), target);
        }
    }

    @Test
    void aBodyThatIsTooLargeOrMayBeIsNotTaken() throws IOException {
        assertEquals(
                "POST|/small/tell.sh||||1234",
                ask("POST", "/small/tell.sh", "1234").text());
        assertEquals(413, ask("POST", "/small/tell.sh", "12345").status());
        try (RawClient client = new RawClient(port)) {
            assertEquals(
                    411,
                    client.ask("POST", "/small/tell.sh", "Transfer-Encoding: chunked", "Connection: close")
                            .status());
        }
    }

    @Test
    void filesAreStoredReadAndDeletedByTheMethodsThatAreAllowed() throws IOException {
        // The driver nio cannot make folders beneath an open one.
        assertEquals(
                driver.equals("nio") ? 501 : 201,
                ask("PUT", "/made/new/soup.txt", "rice").status());
        String name = "/files/soup.txt";
        Path file = folder.resolve("www/files/soup.txt");
        WholeAnswer stored = ask("PUT", name, "rice");
        assertEquals(201, stored.status());
        assertEquals(name, stored.field("location"));
        assertEquals("rice", Files.readString(file));
        assertEquals("rice", get(name).text());
        assertEquals(204, ask("PUT", name, "spam").status());
        assertEquals(204, ask("DELETE", name, "").status());
        assertFalse(Files.exists(file));
        assertEquals(405, ask("POST", "/files/x", "x").status());
        assertEquals(405, ask("PUT", "/gone.html", "x").status());
        assertEquals(201, ask("POST", "/in/note", "n").status());
        assertEquals("n", Files.readString(folder.resolve("store/note")));
        assertTrue(ask("PUT", "/files/..%2f..%2foutside.sh", "x").status() >= 400);
        assertEquals("printf '\\n\\noutside'", Files.readString(folder.resolve("outside.sh")));
    }
}
