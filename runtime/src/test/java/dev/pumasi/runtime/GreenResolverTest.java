package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Look-ups of the JDK's by green threads, and resolvers that are installed in the JDK. */
final class GreenResolverTest extends OnEachDriver {

    private static final InetAddress FOUR = InetAddress.ofLiteral("192.0.2.1");
    private static final InetAddress SIX = InetAddress.ofLiteral("2001:db8::1");

    /** A resolver of the JDK's that answers when it is let. */
    private static final class Hanging implements InetAddressResolver {

        final Semaphore answers = new Semaphore(0);
        final AtomicInteger asked = new AtomicInteger();

        @Override
        public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) throws UnknownHostException {
            asked.incrementAndGet();
            answers.acquireUninterruptibly();
            if (host.startsWith("unknown")) {
                throw new UnknownHostException(host);
            }
            return Stream.of(FOUR, SIX);
        }

        @Override
        public String lookupByAddress(byte[] address) {
            asked.incrementAndGet();
            answers.acquireUninterruptibly();
            return "backwards.example";
        }
    }

    private final Hanging builtin = new Hanging();
    private final GreenResolver resolver = new GreenResolver(builtin);

    @AfterEach
    void letGo() {
        builtin.answers.release(1 << 20);
    }

    private List<InetAddress> lookUp(String host, int policy) throws UnknownHostException {
        return resolver.lookupByName(host, InetAddressResolver.LookupPolicy.of(policy))
                .toList();
    }

    @Test
    void aGreenThreadParksAndItsLoopGoesOn() throws Exception {
        Loop loop = loop();
        int both = InetAddressResolver.LookupPolicy.IPV4 | InetAddressResolver.LookupPolicy.IPV6;
        List<CompletableFuture<List<InetAddress>>> all = new ArrayList<>();
        for (int flags : List.of(
                both | InetAddressResolver.LookupPolicy.IPV6_FIRST,
                both | InetAddressResolver.LookupPolicy.IPV4_FIRST,
                InetAddressResolver.LookupPolicy.IPV4,
                InetAddressResolver.LookupPolicy.IPV6)) {
            CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
            all.add(answer);
            loop.spawn(() -> complete(answer, () -> lookUp("db.example", flags)));
        }
        CompletableFuture<String> backwards = new CompletableFuture<>();
        loop.spawn(() -> complete(backwards, () -> resolver.lookupByAddress(FOUR.getAddress())));
        Eventually.until("it hangs", () -> builtin.asked.get() == 2);
        assertEquals(7, onLoop(loop, () -> 7), "the loop goes on meanwhile");
        letGo();
        assertEquals(List.of(SIX, FOUR), get(all.get(0)));
        assertEquals(List.of(FOUR, SIX), get(all.get(1)));
        assertEquals(List.of(FOUR), get(all.get(2)));
        assertEquals(List.of(SIX), get(all.get(3)));
        assertEquals("backwards.example", get(backwards));
        assertEquals(2, builtin.asked.get(), "one look-up for all of them");
        assertThrows(
                UnknownHostException.class,
                () -> onGreen(loop, () -> lookUp("unknown.example", InetAddressResolver.LookupPolicy.IPV4)));
        assertNoHops(loop);
    }

    @Test
    void whoMayBlockIsPassedOn() throws Exception {
        letGo();
        assertEquals(List.of(FOUR, SIX), lookUp("db.example", InetAddressResolver.LookupPolicy.IPV4));
        assertEquals("backwards.example", resolver.lookupByAddress(FOUR.getAddress()));
        assertEquals(2, builtin.asked.get());
    }

    /** In a JVM of its own, since a resolver is installed once and for all. */
    @Test
    void aResolverOfTheJdksThatHangsStopsNoLoop(@TempDir Path folder) throws Exception {
        assertEquals(
                List.of("hanging TIMED_OUT", "another 127.0.0.1", "connected true", "hops 0"),
                installed(folder, HangingProvider.class.getName(), "hanging"));
    }

    @Test
    void itCanBeInstalled(@TempDir Path folder) throws Exception {
        assertEquals(
                List.of("below localhost true", "unknown nobody.invalid", "hops 0"),
                installed(folder, GreenResolverProvider.class.getName(), "green"));
    }

    private List<String> installed(Path folder, String provider, String mode) throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve("java.net.spi.InetAddressResolverProvider"), provider + "\n");
        Process child = Child.start(
                "true",
                ResolverProbe.class,
                List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED"),
                List.of(driver, mode),
                List.of(folder));
        try (BufferedReader out = child.inputReader()) {
            List<String> lines = out.readAllLines();
            assertTrue(child.waitFor() == 0, lines::toString);
            return lines;
        }
    }
}
