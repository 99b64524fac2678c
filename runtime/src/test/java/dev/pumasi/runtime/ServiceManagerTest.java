package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.ServiceManager.PassedSocket;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the environment says of sockets, and what arrives at a manager that listens. The real one is asked in {@code it}. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class ServiceManagerTest {

    private static final long PID = 4711;

    private final Heard heard = new Heard();
    private LeftBehind leftBehind = new LeftBehind();

    @BeforeEach
    void begin() {
        heard.begin();
        leftBehind = new LeftBehind();
    }

    @AfterEach
    void end() {
        heard.end();
        leftBehind.check();
    }

    private static List<PassedSocket> sockets(String pid, String count, String names) {
        return ServiceManager.of(Map.of("LISTEN_PID", pid, "LISTEN_FDS", count, "LISTEN_FDNAMES", names), PID)
                .sockets();
    }

    @Test
    void socketsAreNumberedFromThreeAndNamed() {
        assertEquals(List.of(), ServiceManager.of(Map.of(), PID).sockets());
        assertEquals(List.of(new PassedSocket(3, "http")), sockets("4711", "1", "http"));
        assertEquals(
                List.of(new PassedSocket(3, "http"), new PassedSocket(4, "unknown"), new PassedSocket(5, "unknown")),
                sockets("4711", "3", "http:"));
        assertEquals(
                List.of(new PassedSocket(3, "unknown")),
                ServiceManager.of(Map.of("LISTEN_PID", "4711", "LISTEN_FDS", "1"), PID)
                        .sockets());
    }

    @Test
    void thoseOfAnotherProcessAreNotBelieved() {
        assertEquals(List.of(), sockets("4712", "1", "http"));
        assertEquals(List.of(), sockets("", "1", "http"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "one", "1025", "99999999999", ""})
    void aNumberThatIsNoneIsToldAndIgnored(String count) {
        assertEquals(List.of(), sockets("4711", count, ""));
        assertEquals(
                List.of("LISTEN_FDS is '" + count + "', which is no number of sockets; none are used"), heard.take());
    }

    @Test
    void aManagerIsToldInItsOwnWords(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("notify");
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.AUTO);
                UdpSocket manager = UdpSocket.open(loops.next(), UnixDomainSocketAddress.of(path))) {
            ServiceManager service = ServiceManager.of(Map.of("NOTIFY_SOCKET", path.toString()), PID);
            assertTrue(service.listens());
            long beforeMicros = System.nanoTime() / 1000;
            service.ready("serving on\nport 80");
            service.reloading("a new jar");
            service.mainProcess(815);
            service.stopping("");
            List<String> told = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Buffer into = Buffer.allocate(500);
                told.add(into.utf8(0, manager.receive(into, 0, 500).await().length()));
            }
            assertEquals("READY=1\nSTATUS=serving on port 80", told.get(0));
            String[] reloading = told.get(1).split("\n");
            assertEquals("RELOADING=1", reloading[0]);
            long micros = Long.parseLong(reloading[1].replace("MONOTONIC_USEC=", ""));
            assertTrue(beforeMicros <= micros && micros <= System.nanoTime() / 1000, reloading[1]);
            assertEquals("STATUS=a new jar", reloading[2]);
            assertEquals("MAINPID=815", told.get(2));
            assertEquals("STOPPING=1\nSTATUS=", told.get(3));
        }
    }

    @Test
    void nobodyIsToldWhereNobodyAsks() {
        ServiceManager none = ServiceManager.of(Map.of(), PID);
        assertFalse(none.listens());
        none.ready("");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/no/such/socket", "@no-such-name-in-the-abstract-space", "vsock:2:1234", "@", "/"})
    void oneThatCannotBeToldIsLoggedOnceAndTheServiceGoesOn(String address) {
        ServiceManager service = ServiceManager.of(Map.of("NOTIFY_SOCKET", address), PID);
        service.ready("");
        service.stopping("");
        List<String> said = heard.take();
        assertEquals(1, said.size(), said.toString());
        assertTrue(
                said.getFirst().startsWith("the service manager at " + address + " cannot be told READY=1: "),
                said.getFirst());
    }
}
