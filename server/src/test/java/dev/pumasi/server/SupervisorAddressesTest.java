package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A supervisor that listens on several addresses: each worker serves all of them, whatever becomes of the others. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SupervisorAddressesTest {

    private final List<String> told = new CopyOnWriteArrayList<>();

    @TempDir
    Path folder;

    private Supervisor start(List<SocketAddress> addresses, WorkerSettings settings) throws Exception {
        return Supervisor.of(() -> SupervisorTest.plan(2, settings))
                .addresses(addresses)
                .retirePatience(Duration.ofSeconds(10))
                .teller(told::add)
                .start();
    }

    private static SocketAddress anyPort() {
        return new InetSocketAddress("127.0.0.1", 0);
    }

    /** Which worker answers there. */
    private static String pid(SocketAddress address) {
        try {
            if (address instanceof InetSocketAddress inet) {
                try (Asker asker = new Asker(inet.getPort())) {
                    return asker.get("/pid").body();
                }
            }
            try (SocketChannel channel = SocketChannel.open(address)) {
                channel.write(ByteBuffer.wrap("GET /pid HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII)));
                ByteBuffer answer = ByteBuffer.allocate(4096);
                while (channel.read(answer) >= 0) {
                    // to the end
                }
                String text = new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
                return text.substring(text.indexOf("\r\n\r\n") + 4);
            }
        } catch (IOException failed) {
            throw new AssertionError("at " + address, failed);
        }
    }

    private static void allServeAllOf(Supervisor supervisor, List<SocketAddress> addresses) {
        Set<String> workers = new HashSet<>(
                supervisor.workers().stream().map(Object::toString).toList());
        for (SocketAddress address : addresses) {
            Set<String> seen = new HashSet<>();
            SupervisorTest.until("both workers have answered at " + address, () -> {
                seen.add(pid(address));
                return seen.containsAll(workers);
            });
        }
    }

    private static long requests(Supervisor supervisor) {
        return supervisor.look().join().workers().stream()
                .mapToLong(worker -> worker.http().requests())
                .sum();
    }

    @Test
    void eachWorkerServesEachAddressThroughDeathAndReload() throws Exception {
        Path path = folder.resolve("socket");
        WorkerSettings settings = SupervisorTest.trial(Map.of());
        List<SocketAddress> addresses;
        try (Supervisor supervisor = start(List.of(anyPort(), anyPort(), UnixDomainSocketAddress.of(path)), settings)) {
            addresses = supervisor.addresses();
            assertEquals(3, new HashSet<>(addresses).size());
            assertEquals(supervisor.address(), addresses.getFirst());
            allServeAllOf(supervisor, addresses);

            long before = requests(supervisor);
            addresses.forEach(SupervisorAddressesTest::pid);
            SupervisorTest.until(
                    "those of all addresses are counted", () -> requests(supervisor) == before + addresses.size());

            long killed = supervisor.workers().getFirst();
            ProcessHandle.of(killed).orElseThrow().destroyForcibly();
            SupervisorTest.until(
                    "another has taken its place",
                    () -> supervisor.workers().size() == 2
                            && !supervisor.workers().contains(killed));
            allServeAllOf(supervisor, addresses);

            List<Long> first = supervisor.workers();
            assertInstanceOf(ReloadOutcome.Serving.class, supervisor.reload().get());
            assertTrue(supervisor.workers().stream().noneMatch(first::contains));
            assertEquals(addresses, supervisor.addresses());
            SupervisorTest.until(
                    "the old ones are gone",
                    () -> first.stream()
                            .noneMatch(each -> ProcessHandle.of(each)
                                    .filter(ProcessHandle::isAlive)
                                    .isPresent()));
            allServeAllOf(supervisor, addresses);
        }
        for (SocketAddress address : addresses) {
            assertThrows(AssertionError.class, () -> pid(address), "nobody listens there any more");
        }
        assertFalse(Files.exists(path), "the path of the socket is taken away");
    }

    @Test
    void ifOneAddressIsTakenNothingIsStarted() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            SocketAddress free = other.getLocalSocketAddress();
            other.close();
            assertThrows(
                    IOException.class,
                    () -> start(List.of(free, taken.getLocalSocketAddress()), SupervisorTest.trial(Map.of())));
            try (ServerSocket again = new ServerSocket()) {
                again.bind(free); // it has been given back
            }
        }
    }

    @Test
    void workersWithoutLoopsSayThatTheyHaveOneSocket() {
        WorkerSettings settings = SupervisorTest.trial(Map.of()).withModel(Model.THREADED);
        SupervisorException refused =
                assertThrows(SupervisorException.class, () -> start(List.of(anyPort(), anyPort()), settings));
        assertTrue(String.valueOf(refused.getMessage()).contains("takes over"), refused::getMessage);
    }
}
