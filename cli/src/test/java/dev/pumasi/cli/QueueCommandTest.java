package dev.pumasi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.http.QueueHandler;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.OpenApplication;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code pumasi queue} as its user meets it: against a folder, and against a server. */
final class QueueCommandTest {

    private static final String SMALL = "segment=256k&message=64k";

    private record Run(int status, String out, String err) {}

    @TempDir
    Path folder;

    private static Run queue(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = new String[args.length + 1];
        all[0] = "queue";
        System.arraycopy(args, 0, all, 1, args.length);
        int status = Pumasi.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
        return new Run(status, out.toString(), err.toString());
    }

    private static Run queueWith(String input, String... args) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            return queue(args);
        } finally {
            System.setIn(before);
        }
    }

    private static void assertTold(Run run, int status, String... told) {
        assertEquals(status, run.status, run.toString());
        assertEquals("", run.out);
        for (String part : told) {
            assertTrue(run.err.contains(part), () -> "expected '" + part + "' in: " + run.err);
        }
        assertTrue(run.err.lines().count() <= 2, () -> "more than two lines: " + run.err);
        assertFalse(run.err.contains("Exception"), () -> "a class name leaked: " + run.err);
    }

    /** With small segments: a topic begins with one, filled with zeros. */
    private String shop() {
        return "log:" + folder.resolve("shop") + "?" + SMALL;
    }

    private void wholeWay(String where) {
        Run first = queue("publish", where, "orders", "-k", "order-17", "--id", "1", "-H", "from=test", "soup");
        assertEquals(new Run(0, "{\"position\":\"0-0\"}\n", ""), first);
        assertEquals(first, queue("publish", where, "orders", "--id", "1", "soup"), "the same id is the same message");
        assertEquals("{\"position\":\"0-1\"}\n", queueWith("two\nlines", "publish", where, "orders").out);
        assertEquals(
                "{\"position\":\"0-2\"}\n{\"position\":\"0-3\"}\n",
                queueWith("rice\nspam\n", "publish", where, "orders", "--lines").out);

        Run look = queue("consume", where, "orders", "look", "--keep", "--max", "1");
        assertEquals(0, look.status, look.err);
        assertTrue(
                look.out.contains(
                        "\"key\":\"order-17\",\"id\":\"1\",\"headers\":{\"from\":\"test\"},\"text\":\"soup\"}"),
                look.out);
        Run all = queue("consume", where, "orders", "mail", "-n", "4", "--wait", "30");
        assertEquals(4, all.out.lines().count(), all.toString());
        assertTrue(all.out.contains("\"text\":\"two\\nlines\""), all.out);
        assertEquals("", queue("consume", where, "orders", "mail", "--wait", "0").out, "all of it is acknowledged");
        assertEquals("soup\n", queue("consume", where, "orders", "raw", "--raw", "-n", "1").out);
        assertEquals(
                "spam\n",
                queue("consume", where, "orders", "late", "--raw", "--start", "0-3", "-n", "1", "--wait", "30").out);

        Run copied = queueWith(all.out, "publish", where, "copy", "--json");
        assertEquals(4, copied.out.lines().count(), copied.toString());

        Run stat = queue("stat", where);
        assertEquals(0, stat.status, stat.err);
        List<String> lines = stat.out.lines().toList();
        assertTrue(lines.getFirst().startsWith("TOPIC, GROUP"), stat.out);
        assertTrue(lines.stream().anyMatch(line -> line.matches("  look +4 .*")), stat.out);
        assertTrue(lines.stream().anyMatch(line -> line.matches("  mail +0 .*")), stat.out);
        Run json = queue("stat", where, "orders", "--json");
        assertTrue(json.out.startsWith("{\"topic\":\"orders\",\"first\":0,\"next\":4,"), json.out);
        assertTold(queue("stat", where, "nothing"), 1, "there is no topic nothing");
        assertTold(queue("publish", where, "a b", "x"), 1, "a name has 1 to 128 letters");
    }

    @Test
    void theWholeWayInAFolder() {
        wholeWay(shop());
    }

    @Test
    void theWholeWayByAServer() throws IOException {
        try (LoopGroup loops =
                        LoopGroup.start("test", 1, Drivers.choose(Drivers.AUTO).factory());
                Queue real = Queue.open(loops.next(), shop());
                QueueHandler face = QueueHandler.builder(real).open();
                HttpServer server =
                        HttpServer.builder(face).on(loops.loops()).port(0).start()) {
            wholeWay("http://127.0.0.1:" + server.port());
            assertTold(queue("stat", shop()), 1, "this process has it open already");
        }
    }

    @Test
    void asAnApplication() throws Exception {
        String place = folder.resolve("shop").toString();
        ApplicationChoice choice = new ApplicationChoice("queue", List.of(), Map.of("folder", place, "options", SMALL));
        OpenApplication open = choice.open();
        try {
            assertTold(queue("publish", shop(), "t", "x"), 1, "this process has it open already");
        } finally {
            open.close();
        }
        assertEquals(0, queue("publish", shop(), "t", "x").status, "it has given the folder back");
    }

    @Test
    void aTokenIsReadFromAFile() throws IOException {
        Path token = Files.writeString(folder.resolve("token"), "sesame\n");
        try (LoopGroup loops =
                        LoopGroup.start("test", 1, Drivers.choose(Drivers.AUTO).factory());
                Queue real = Queue.open(loops.next(), shop());
                QueueHandler face = QueueHandler.builder(real).token("sesame").open();
                HttpServer server =
                        HttpServer.builder(face).on(loops.loops()).port(0).start()) {
            String url = "http://127.0.0.1:" + server.port();
            assertTold(queue("stat", url), 1, "it wants a token");
            assertEquals(0, queue("stat", url, "--token-file", token.toString()).status);
        }
        Files.writeString(token, "two words");
        assertTold(queue("stat", "http://127.0.0.1:1", "--token-file", token.toString()), 1, "is no token");
    }

    @Test
    void aLineThatIsNoMessageIsToldWithItsNumber() {
        Run run = queueWith("{\"text\":\"a\"}\n{\"txet\":\"b\"}\n", "publish", shop(), "t", "--json");
        assertEquals(1, run.status);
        assertEquals("{\"position\":\"0-0\"}\n", run.out, "what came before is published");
        assertTrue(run.err.contains("line 2: a message has no txet"), run.err);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "stat /no/such/folder | 1 | there is no queue in /no/such/folder",
                "consume /no/such/folder t g | 1 | there is no queue in /no/such/folder",
                "stat http://127.0.0.1:1 | 1 | does not answer",
                "stat kafkaesque:x | 1 | no engine here is called kafkaesque",
                "publish /tmp t x --lines | 2 | give one",
                "publish /tmp t --lines --json | 2 | give one",
                "publish /tmp t --lines --id x | 2 | --id would make one of them",
                "publish /tmp t --json --key x | 2 | each line says its own",
                "consume /tmp t g --max 0 | 2 | must be 1 or more",
                "consume /tmp t g --wait -1 | 2 | --wait is -1.0",
                "consume /tmp t g --start yesterday | 2 | --start is beginning, end",
                "serve /tmp/x --host 0.0.0.0 | 2 | give a secret with --token-file",
                "serve /tmp/x --port 70000 | 2 | --port is 70000",
                "serve /proc/x | 1 | /proc/x",
                "' ' | 2 | Unmatched",
            })
    void whatCannotBeIsTold(String words, int status, String told) {
        if (!words.isBlank()) {
            assertTold(queue(words.split(" ")), status, told);
        } else {
            assertTold(queue(), 2, "no command given");
        }
    }

    @Test
    void eachHasItsHelp() {
        for (String command : List.of("serve", "publish", "consume", "stat")) {
            Run run = queue(command, "--help");
            assertEquals(0, run.status);
            assertTrue(run.out.contains("Usage: pumasi queue " + command), run.out);
        }
    }
}
