package dev.pumasi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code pumasi load} as its user meets it: figures, files, and what it says to what cannot be. */
final class LoadCommandTest {

    private record Run(int status, String out, String err) {}

    private static Run load(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = new String[args.length + 1];
        all[0] = "load";
        System.arraycopy(args, 0, all, 1, args.length);
        int status = Pumasi.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
        return new Run(status, out.toString(), err.toString());
    }

    private static HttpServer server() throws IOException {
        return HttpServer.builder(Router.builder()
                        .get("/", Handler.nonBlocking(_ -> Response.text("hello")))
                        .build())
                .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .loops(1)
                .start();
    }

    private static void assertTold(Run run, int status, String... parts) {
        assertEquals(status, run.status, run.toString());
        for (String part : parts) {
            assertTrue(run.err.contains(part), () -> "expected '" + part + "' in: " + run.err);
        }
        assertFalse(run.err.contains("Exception"), () -> "a class name leaked: " + run.err);
        assertTrue(run.err.lines().count() <= 2, () -> "more than two lines: " + run.err);
    }

    @Test
    void itTellsWhatItMeasuredOnTheTerminalAndInFiles(@TempDir Path folder) throws IOException {
        Path json = folder.resolve("load.json");
        Path csv = folder.resolve("load.csv");
        try (HttpServer server = server()) {
            Run run = load(
                    "http://127.0.0.1:" + server.port() + "/?a=b",
                    "-c",
                    "4",
                    "-n",
                    "300",
                    "--warmup",
                    "0",
                    "--json",
                    json.toString(),
                    "--csv",
                    csv.toString());
            assertEquals(0, run.status, run.toString());
            for (String part :
                    new String[] {"/?a=b", "closed loop, 4 connections", "answered", "300", "p99.9", "none"}) {
                assertTrue(run.out.contains(part), () -> "expected " + part + " in: " + run.out);
            }
            assertTrue(run.err.contains("4 connections"), run.err);
        }
        String figures = Files.readString(json);
        assertTrue(figures.contains("\"answered\":300"), figures);
        assertTrue(figures.contains("\"errors\":{}"), figures);
        List<String> lines = Files.readAllLines(csv);
        assertTrue(lines.getFirst().startsWith("until_s,seconds,answered"), lines.toString());
        assertTrue(lines.getLast().startsWith("all,"), lines.toString());
        int columns = lines.getFirst().split(",", -1).length;
        for (String line : lines) {
            assertEquals(columns, line.split(",", -1).length, line);
        }
    }

    @Test
    void notOneRightAnswerIsAFailure() throws IOException {
        try (HttpServer server = server()) {
            Run run = load("127.0.0.1:" + server.port() + "/missing", "-n", "5", "--warmup", "0", "--quiet");
            assertEquals(Pumasi.EXIT_CANNOT_RUN, run.status, run.toString());
            assertTrue(run.out.contains("wrong status 5"), run.out);
            assertTrue(run.out.contains("Not one request"), run.out);
            assertEquals("", run.err);
        }
    }

    @Test
    void nobodyListens() throws IOException {
        try (Socket bound = new Socket()) { // and does not listen: nobody else can, meanwhile
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            assertTold(
                    load("http://127.0.0.1:" + bound.getLocalPort() + "/"),
                    Pumasi.EXIT_CANNOT_RUN,
                    "nobody listens there",
                    "start the server");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "https://localhost/ | TLS",
                "http://no-such-host.invalid/ | no address is known for the host no-such-host.invalid",
                "http://192.0.2.1/ | --allow-remote",
                "http://localhost:99999/ | port 99999",
                "http://local host/ | is no URL",
                "ftp://localhost/ | names no HTTP server",
                "http://127.0.0.1:1/ -c 900000 | --connections",
                "http://127.0.0.1:1/ --json /no/such/folder/x.json | cannot write /no/such/folder/x.json",
                "http://127.0.0.1:1/ --body-file /no/such/file | cannot be read"
            })
    void whatCannotBeIsSaid(String line, String told) {
        assertTold(load(line.contains(" host") ? new String[] {line} : line.split(" ")), Pumasi.EXIT_CANNOT_RUN, told);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rate 0 | rate",
                "--connections 0 | between 1 and",
                "--loops 3 -c 2 | 3 loops share 2 connections",
                "--spin | fixed rate",
                "--duration -1 | --duration",
                "--field nonsense | NAME: VALUE",
                "--field Connection:close | generator's own",
                "--expect 99 | status",
                "--driver kqueue | no driver",
                "--body a --body-file b | two bodies"
            })
    void whatMakesNoSenseIsAWrongCommandLine(String options, String told) {
        assertTold(load(("127.0.0.1:1 " + options).split(" ")), Pumasi.EXIT_USAGE, told);
    }
}
