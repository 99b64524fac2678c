package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.HeldPort;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code reload --supervisor} of a site with several addresses: each is handed over to the next supervisor, and answers on. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class SeveralAddressesTest {

    private static final int TIMES = 2;

    @TempDir
    private Path folder;

    @Test
    void aNewSupervisorTakesOverEveryAddress() throws Exception {
        Path path = folder.resolve("socket");
        try (HeldPort one = HeldPort.take();
                HeldPort other = HeldPort.take();
                LaunchedSite site = LaunchedSite.serve(
                        folder,
                        """
                        http {
                            server { listen 127.0.0.1:%d; return 200 "one $pid"; }
                            server { listen 127.0.0.1:%d; return 200 "other $pid"; }
                            server { listen unix:%s; return 200 "path $pid"; }
                        }
                        """.formatted(one.number(), other.number(), path),
                        "--model",
                        "preforked",
                        "--workers",
                        "1")) {
            ProcessHandle supervisor = site.process().toHandle();
            try {
                String worker = answers(one, other, path);
                for (int i = 0; i < TIMES; i++) {
                    supervisor = ProcessHandle.of(handOver(supervisor.pid())).orElseThrow();
                    String next = answers(one, other, path);
                    assertNotEquals(worker, next, "the worker is still the one before");
                    worker = next;
                }
                supervisor.destroy();
                supervisor.onExit().join();
                assertEquals(0, site.process().waitFor(), "the first supervisor ends in good order");
            } finally {
                supervisor.descendants().forEach(ProcessHandle::destroyForcibly);
                supervisor.destroyForcibly();
            }
        }
    }

    /** Asks at all addresses, of which one worker answers; the process that it is. */
    private static String answers(HeldPort one, HeldPort other, Path path) throws IOException {
        String first = body(LaunchedSite.ask(one.number(), "GET", "/", new byte[0]), "one ");
        assertEquals(first, body(LaunchedSite.ask(other.number(), "GET", "/", new byte[0]), "other "));
        assertEquals(first, body(askAt(path), "path "));
        return first;
    }

    private static String body(String answer, String who) {
        int at = answer.indexOf("\r\n\r\n") + 4;
        assertTrue(answer.startsWith("HTTP/1.1 200 ") && answer.startsWith(who, at), answer);
        return answer.substring(at + who.length());
    }

    private static String askAt(Path path) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(path));
            channel.write(ByteBuffer.wrap(
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    /** The process of the next supervisor. */
    private static long handOver(long supervisor) throws IOException, InterruptedException {
        Process reload = new ProcessBuilder(
                        Checkout.ROOT.resolve("pumasi").toString(), "reload", Long.toString(supervisor), "--supervisor")
                .redirectErrorStream(true)
                .start();
        String said = new String(reload.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, reload.waitFor(), said);
        Matcher matcher = Pattern.compile("supervisor (\\d+) has taken over").matcher(said);
        assertTrue(matcher.find(), said);
        return Long.parseLong(matcher.group(1));
    }
}
