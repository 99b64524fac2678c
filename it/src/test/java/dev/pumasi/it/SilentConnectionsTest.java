package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ten thousand connections that say nothing, to the real command: others are served, and what they cost is small and given back. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class SilentConnectionsTest {

    private static final int SILENT = 10_000;

    /** Of this process, which has the other ends, and of the server: what both need besides is far less than the rest. */
    private static final int DESCRIPTORS_MIN = SILENT + 1_000;

    /** Whatever a connection holds that has said nothing; a buffer would be 8 KiB, a stack more. */
    private static final long BYTES_EACH_MAX = 4 * 1024;

    private static final int ASKED = 50;

    @TempDir
    private Path folder;

    @Test
    void othersAreServedAndWhatTheyCostIsSmall() throws Exception {
        long descriptors = descriptorsMax();
        boolean enough = descriptors >= DESCRIPTORS_MIN;
        if (!enough) {
            System.out.println("not tested: a process may have " + descriptors + " descriptors here (ulimit -n)");
        }
        Assumptions.assumeTrue(enough, "not tested here: too few descriptors");
        Files.writeString(folder.resolve("small.txt"), "rice\n");
        int port = LaunchedSite.freePorts(1)[0];
        String text = "http { server { listen 127.0.0.1:%d; root .; client_header_timeout 120s; } }".formatted(port);
        List<SocketChannel> silent = new ArrayList<>(SILENT);
        try (LaunchedSite site = LaunchedSite.serveWithin("-Xms64m -Xmx64m -XX:+AlwaysPreTouch", folder, text)) {
            ask(port, ASKED);
            long before = residentBytes(site.process().pid());
            while (silent.size() < SILENT) {
                silent.add(SocketChannel.open(new InetSocketAddress("127.0.0.1", port)));
            }
            await("all of them to be accepted", () -> sockets(site.process().pid()) >= SILENT);
            ask(port, ASKED);
            long grown = residentBytes(site.process().pid()) - before;
            assertTrue(grown < SILENT * BYTES_EACH_MAX, SILENT + " of them cost " + grown + " bytes");
            for (SocketChannel each : silent) {
                each.close();
            }
            await("them to be gone", () -> sockets(site.process().pid()) < SILENT / 100);
            ask(port, ASKED);
            assertTrue(site.stop() == 0);
        } finally {
            for (SocketChannel each : silent) {
                each.close();
            }
        }
    }

    private static void ask(int port, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            String answer = LaunchedSite.ask(port, "GET", "/small.txt", new byte[0]);
            assertTrue(answer.endsWith("\r\n\r\nrice\n"), answer);
        }
    }

    private static long descriptorsMax() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(line -> line.startsWith("Max open files"))
                .mapToLong(line -> Long.parseLong(line.split("\\s+")[4]))
                .findFirst()
                .orElse(0);
    }

    private static long residentBytes(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }

    private static long sockets(long pid) {
        String[] all = Path.of("/proc/" + pid + "/fd").toFile().list();
        return all == null ? 0 : all.length;
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(String what, Condition condition) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!condition.holds()) {
            assertTrue(System.nanoTime() - deadline < 0, () -> "waited in vain for " + what);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
