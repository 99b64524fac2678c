package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Transfers between two loops whose sends and receives are cancelled, limited in time and interrupted at random, by green
 * threads and by others. A cancelled operation must not have taken a byte, and one that succeeded not have lost one: what
 * arrives is what was sent, in order. It cannot find an order of events that the machine never produces.
 */
final class CancellationStressTest extends OnEachDriver {

    private static final int CONNECTIONS = 6;
    private static final int BYTES_PER_DIRECTION = 400_000;
    private static final int CHUNK_MAX = 20_000;

    private final AtomicInteger cancelled = new AtomicInteger();

    private static byte expected(int direction, int position) {
        return (byte) (direction * 31 + position * 7 + position / 251);
    }

    /** Starts one, perhaps does something to it, and says what it came to; −1 if it was cancelled. */
    private int attempt(Operation<Integer> operation, Random random) throws IOException {
        switch (random.nextInt(8)) {
            case 0 -> operation.cancel();
            case 1 -> operation.within(Duration.ofNanos(random.nextInt(200_000)));
            case 2 -> {
                operation.within(Duration.ofNanos(random.nextInt(200_000)));
                operation.cancel();
            }
            case 3 -> Thread.currentThread().interrupt();
            default -> {}
        }
        try {
            return operation.await();
        } catch (OperationException ended) {
            if (ended.failure() != Failure.CANCELLED && ended.failure() != Failure.TIMED_OUT) {
                throw ended;
            }
            cancelled.incrementAndGet();
            return -1;
        } finally {
            Thread.interrupted();
        }
    }

    private Integer send(StreamSocket socket, int direction, long seed) throws IOException {
        Random random = new Random(seed);
        Buffer buffer = Buffer.allocate(CHUNK_MAX);
        int position = 0;
        while (position < BYTES_PER_DIRECTION) {
            int length = Math.min(1 + random.nextInt(CHUNK_MAX), BYTES_PER_DIRECTION - position);
            for (int i = 0; i < length; i++) {
                buffer.put(i, expected(direction, position + i));
            }
            position += Math.max(0, attempt(socket.send(buffer, 0, length), random));
        }
        return position;
    }

    private Integer receive(StreamSocket socket, int direction, long seed) throws IOException {
        Random random = new Random(seed);
        Buffer buffer = Buffer.allocate(CHUNK_MAX);
        int position = 0;
        while (position < BYTES_PER_DIRECTION) {
            int count = attempt(socket.receive(buffer, 0, 1 + random.nextInt(CHUNK_MAX)), random);
            assertTrue(count != 0, "the end, too early");
            for (int i = 0; i < count; i++) {
                assertEquals(expected(direction, position + i), buffer.get(i), "at " + (position + i));
            }
            position += Math.max(0, count);
        }
        return position;
    }

    @Test
    void whatIsCancelledTakesNothingAndWhatSucceedsLosesNothing() throws Exception {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        LoopGroup group = loops(2);
        BlockingQueue<StreamSocket> accepted = new LinkedBlockingQueue<>();
        List<CompletableFuture<Integer>> all = new ArrayList<>();
        List<StreamSocket> sockets = new ArrayList<>();
        try (Listener listener = Listener.open(group.loops().get(0), LOOPBACK, accepted::add)) {
            for (int i = 0; i < CONNECTIONS; i++) {
                StreamSocket client = StreamSocket.connect(group.loops().get(1), listener.address())
                        .await();
                StreamSocket server = accepted.poll(30, TimeUnit.SECONDS);
                sockets.addAll(List.of(client, server));
                for (StreamSocket each : List.of(client, server)) { // at least these are cancelled in time
                    Operation<Integer> early = each.receive(Buffer.allocate(CHUNK_MAX), 0, CHUNK_MAX);
                    early.cancel();
                    assertThrows(OperationException.class, early::await);
                    cancelled.incrementAndGet();
                }
                boolean green = i % 2 == 0;
                long some = seed + 4L * i;
                all.add(start(client, green, () -> send(client, 0, some)));
                all.add(start(server, green, () -> receive(server, 0, some + 1)));
                all.add(start(server, green, () -> send(server, 1, some + 2)));
                all.add(start(client, green, () -> receive(client, 1, some + 3)));
            }
            try {
                for (CompletableFuture<Integer> one : all) {
                    assertEquals(BYTES_PER_DIRECTION, get(one));
                }
            } catch (Exception | AssertionError failure) {
                throw new AssertionError("seed " + seed, failure);
            }
        }
        sockets.forEach(StreamSocket::close);
        assertTrue(cancelled.get() >= 2 * CONNECTIONS, "cancelled " + cancelled);
        for (Loop loop : group.loops()) {
            Eventually.until("nothing is in progress", () -> loop.status().interests() == 0);
            Eventually.until("no timer is left", () -> loop.status().timers() == 0);
            assertEquals(0, loop.status().failures());
            assertEquals(0, loop.misdirected());
        }
    }

    private static CompletableFuture<Integer> start(
            StreamSocket socket, boolean green, java.util.concurrent.Callable<Integer> body) {
        if (!green) {
            return elsewhere(body);
        }
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        socket.loop().spawn(() -> complete(answer, body));
        return answer;
    }
}
