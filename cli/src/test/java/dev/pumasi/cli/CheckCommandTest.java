package dev.pumasi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code pumasi check}, and what {@code serve} says of a file that it cannot use. */
@Timeout(60)
class CheckCommandTest {

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... words) {
        return Pumasi.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(words);
    }

    private String file(String text) throws IOException {
        return Files.writeString(folder.resolve("site.conf"), text).toString();
    }

    @Test
    void aGoodFileIsSaidToBeSo() throws IOException {
        String file = file("http { server { listen 127.0.0.1:8080; root .; location /a/ { autoindex on; } } }");
        assertEquals(0, run("check", file));
        assertEquals(file + ": good; it listens on 127.0.0.1:8080" + System.lineSeparator(), out.toString());
        assertEquals("", err.toString());
        assertEquals(0, run("check", "--dump", file));
        assertTrue(out.toString().contains("  location /a/\n    files, folders are listed from ."), out.toString());
    }

    @Test
    void eachMistakeIsShown() throws IOException {
        String file = file("http {\n  server {\n    listen 8080\n    rot x;\n    rewrite ( /;\n  }\n}\n");
        assertEquals(1, run("check", file));
        String said = err.toString();
        assertTrue(
                said.contains("site.conf:4:5: error: listen has no parameter 'rot'\n        rot x;\n        ^^^"),
                said);
        assertTrue(said.contains("is a ';' missing at the end of the line before?"), said);
        assertTrue(said.contains("site.conf:5:13: error: no regular expression"), said);
        assertTrue(said.contains("2 mistakes; it cannot be served"), said);
    }

    @Test
    void whatHasNoEffectIsTold() throws IOException {
        String file = file("user x;\nhttp { server { listen 8080; } }");
        assertEquals(0, run("check", file));
        assertTrue(err.toString().contains("site.conf:1:1: note: 'user' has no effect"), err.toString());
        assertTrue(out.toString().contains("good, with 1 note;"), out.toString());
        err.getBuffer().setLength(0);
        assertEquals(0, run("check", "-q", file));
        assertEquals("", err.toString());
    }

    @Test
    void aBadFileIsNotServed() throws IOException {
        String file = file("http { server { rot x; } }");
        assertEquals(1, run("serve", file));
        assertTrue(err.toString().contains("cannot be used:"), err.toString());
        assertTrue(err.toString().contains("did you mean 'root'?"), err.toString());
        assertEquals(2, run("serve", file, "--port", "8080"));
        assertTrue(err.toString().contains("--port means nothing with a configuration file"), err.toString());
        file("http { server { listen 127.0.0.1:8080; listen 127.0.0.1:8081; } }");
        assertEquals(1, run("serve", file, "--model", "forking"));
        assertTrue(err.toString().contains("here it can be one TCP address"), err.toString());
        assertEquals(1, run("serve", file, "--model", "preforked", "--each", "threaded"));
        assertTrue(err.toString().contains("workers that have loops"), err.toString());
    }
}
