package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.sync.Channel;
import dev.pumasi.runtime.sync.Condition;
import dev.pumasi.runtime.sync.Latch;
import dev.pumasi.runtime.sync.Mutex;
import dev.pumasi.runtime.sync.Select;
import dev.pumasi.runtime.sync.Semaphore;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A scope's deadline, and the wish to end, reach whatever its threads wait for: on the loop to which that belongs and on another one.
 * Afterwards nothing is in progress, nobody hopped, and what was waited for is as it was.
 */
@ExtendWith(Rehearsal.class)
final class ScopeReachTest extends OnEachDriverWithChildren implements Rehearsal.Play {

    private static final Duration SHORT = Duration.ofMillis(3);
    private static final Duration LONG = Duration.ofDays(1);

    @TempDir
    Path folder;

    private LoopGroup group;
    private Loop loop;

    /** A wait that would not end, and how to leave it behind. */
    @FunctionalInterface
    private interface Endless {
        void begin() throws Exception;
    }

    @Override
    @BeforeEach
    public void start() {
        group = loops(2);
        loop = group.loops().getFirst();
    }

    @AfterEach
    void nothingIsLeft() {
        for (Loop each : group.loops()) {
            Eventually.until(
                    "nothing is in progress on " + each, () -> each.status().interests() == 0);
            Eventually.until("no timer runs on " + each, () -> each.status().timers() == 0);
            assertNoHops(each);
        }
    }

    private static Failure failure(Callable<?> attempt) {
        return assertThrows(OperationException.class, attempt::call).failure();
    }

    private static Loop here() {
        return Loop.current().orElseThrow();
    }

    /** Broken off by the wish to end, by a deadline of a scope around a subtask, and by one around the caller itself. */
    private void isBrokenOff(Endless wait) throws Exception {
        Callable<Object> waits = () -> {
            wait.begin();
            return "ended by itself";
        };
        for (Loop at : group.loops()) {
            onGreen(loop, () -> {
                isCancelled(at, waits);
                try (Scope scope = Scope.builder().on(at).within(SHORT).open()) {
                    Operation<?> subtask = scope.fork(waits);
                    assertEquals(Failure.TIMED_OUT, failure(() -> {
                        scope.join();
                        return null;
                    }));
                    assertEquals(Failure.TIMED_OUT, failure(subtask::value));
                }
                return null;
            });
            onGreen(at, () -> {
                try (Scope scope = Scope.open(SHORT)) {
                    assertEquals(Failure.TIMED_OUT, failure(waits));
                }
                assertFalse(Thread.currentThread().isInterrupted(), "the deadline leaves no interrupt behind");
                return null;
            });
        }
    }

    private void isCancelled(Loop at, Callable<?> waits) throws Exception {
        AtomicReference<Thread> thread = new AtomicReference<>();
        try (Scope scope = Scope.builder().on(at).open()) {
            Operation<?> subtask = scope.fork(() -> {
                thread.set(Thread.currentThread());
                return waits.call();
            });
            while (thread.get() == null || thread.get().getState() == Thread.State.RUNNABLE) {
                Timer.sleep(Duration.ZERO);
            }
            subtask.cancel();
            scope.join();
            assertEquals(Failure.CANCELLED, failure(subtask::value));
        }
    }

    @Test
    void time() throws Exception {
        isBrokenOff(() -> Timer.sleep(LONG));
        isBrokenOff(() -> here().sleep(LONG).await());
        try (Ticker ticker = Ticker.atRate(loop, LONG)) {
            isBrokenOff(ticker::await);
        }
    }

    @Test
    void mutex() throws Exception {
        Mutex mutex = new Mutex();
        mutex.lock();
        isBrokenOff(mutex::lock);
        assertEquals(0, mutex.waiting());
        mutex.unlock();
        assertTrue(mutex.tryLock(), "nobody was given it");
        mutex.unlock();
    }

    @Test
    void condition() throws Exception {
        Mutex mutex = new Mutex();
        Condition condition = mutex.condition();
        isBrokenOff(() -> {
            mutex.lock();
            try {
                condition.await();
            } finally {
                assertTrue(mutex.isHeldByCaller(), "held again, however it ends");
                mutex.unlock();
            }
        });
        assertFalse(mutex.isLocked());
    }

    @Test
    void semaphoreAndLatch() throws Exception {
        Semaphore semaphore = new Semaphore(1);
        isBrokenOff(() -> semaphore.acquire(2));
        assertEquals(1, semaphore.permits());
        assertEquals(0, semaphore.waiting());
        isBrokenOff(new Latch(1)::await);
    }

    @Test
    void channelAndSelect() throws Exception {
        Channel<String> empty = new Channel<>("empty", 1);
        Channel<String> full = new Channel<>("full", 1);
        assertTrue(full.trySend("first"));
        isBrokenOff(empty::receive);
        isBrokenOff(() -> full.send("another"));
        isBrokenOff(() -> new Select<Optional<String>>()
                .receive(empty, item -> item)
                .send(full, "another", Optional::empty)
                .await());
        assertEquals(0, empty.receiversWaiting() + full.sendersWaiting());
        assertEquals(Optional.of("first"), full.tryReceive());
        assertEquals(Optional.empty(), full.tryReceive(), "nobody who gave up has sent");
        assertTrue(empty.trySend("item"));
        assertEquals(Optional.of("item"), empty.tryReceive(), "nobody who gave up receives");
    }

    @Test
    void mailbox() throws Exception {
        try (Mailbox<String> mailbox = Mailbox.open(loop, 1)) {
            isBrokenOff(() -> mailbox.next().await());
            assertTrue(mailbox.post("letter"));
            assertEquals("letter", mailbox.next().await());
        }
    }

    @Test
    void theEndOfAProcess() throws Exception {
        ChildProcess child = start(loop, Command.of("sleep", LONG_SECONDS));
        isBrokenOff(() -> child.exit().await());
        assertTrue(child.isRunning(), "to give up waiting ends no process");
        child.close();
        child.exit().await();
    }

    private static final String LONG_SECONDS = OnEachDriverWithChildren.LONG;

    @Test
    void theEndOfAThread() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Thread platform = Thread.ofPlatform().daemon().start(() -> {
            try {
                release.await();
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
        });
        isBrokenOff(() -> here().join(platform).await());
        release.countDown();
        assertEquals(platform, loop.join(platform).await());
    }

    @Test
    void aSocketsReadWriteAndConnect() throws Exception {
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        isBrokenOff(() -> socket.read(new byte[1], 0, 1));
        connection.peerSends((byte) 7);
        byte[] bytes = new byte[1];
        assertEquals(1, onGreen(loop, () -> socket.read(bytes, 0, 1)), "nothing was taken");
        isBrokenOff(() -> {
            while (true) { // until the kernel takes no more
                socket.write(new byte[1 << 16]);
                socket.flush();
            }
        });
        socket.close();
        UdpSocket datagrams = closing(UdpSocket.open(loop, LOOPBACK));
        isBrokenOff(() -> datagrams.receive(Buffer.allocate(1), 0, 1).await());
        datagrams.close();
        InetSocketAddress silent = silent();
        isBrokenOff(() -> StreamSocket.connect(here(), silent).await().close());
    }

    /** In the words of {@code java.net}: an interrupt closes, a deadline's too. It once tried again and again, and held its loop. */
    @Test
    void aSocketOfTheJdksOnALoop() throws Exception {
        InetSocketAddress silent = silent();
        try (ServerSocket server = new ServerSocket(0, 9, loopback())) {
            LoopSocketFactory factory = new LoopSocketFactory(group);
            for (Loop at : group.loops()) {
                onGreen(at, () -> {
                    for (boolean deadline : new boolean[] {true, false}) {
                        isClosedByInterrupt(
                                () -> factory.createSocket(loopback(), server.getLocalPort()),
                                deadline,
                                socket -> socket.getInputStream().read());
                        isClosedByInterrupt(
                                () -> factory.createSocket(loopback(), server.getLocalPort()), deadline, socket -> {
                                    while (true) { // until the kernel takes no more
                                        socket.getOutputStream().write(new byte[1 << 20]);
                                    }
                                });
                        isClosedByInterrupt(factory::createSocket, deadline, socket -> socket.connect(silent));
                    }
                    return null;
                });
            }
        }
    }

    @FunctionalInterface
    private interface OnSocket {
        void use(Socket socket) throws Exception;
    }

    private static void isClosedByInterrupt(Callable<Socket> sockets, boolean deadline, OnSocket use) throws Exception {
        AtomicBoolean begun = new AtomicBoolean();
        // The deadline may come before the use has begun, which then never does.
        for (Duration limit = SHORT; !begun.get(); limit = limit.multipliedBy(10)) {
            isClosedByInterrupt(sockets.call(), deadline ? limit : LONG, deadline, begun, use);
        }
    }

    private static void isClosedByInterrupt(
            Socket socket, Duration limit, boolean deadline, AtomicBoolean begun, OnSocket use) throws Exception {
        try (socket;
                Scope scope = Scope.builder().within(limit).allEnd()) {
            AtomicReference<Exception> told = new AtomicReference<>();
            scope.fork(() -> {
                begun.set(true);
                told.set(assertThrows(SocketException.class, () -> use.use(socket)));
            });
            if (!deadline) {
                Timer.sleep(SHORT);
                scope.cancel();
            }
            try {
                scope.join();
            } catch (OperationException over) {
                assertEquals(Failure.CANCELLED, over.failure());
            }
            if (begun.get()) {
                assertEquals("Closed by interrupt", told.get().getMessage());
                assertTrue(socket.isClosed());
            }
        }
    }

    private InetSocketAddress silent() throws Exception {
        return silent(new InetSocketAddress("127.0.0.15", 0));
    }

    @Test
    void aNameLookUp() throws Exception {
        CountDownLatch answers = new CountDownLatch(1);
        Names names = closing(Names.open(NamesSettings.DEFAULT, name -> {
            try {
                answers.await();
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
            throw new UnknownHostException(name);
        }));
        isBrokenOff(() -> names.resolve(here(), "a.example").await());
        isBrokenOff(() ->
                new Connector(names).connect(here(), "b.example", 80).await().close());
        answers.countDown();
        assertEquals(
                Failure.NAME_UNKNOWN,
                failure(() -> names.resolve(loop, "a.example").await()),
                "as for anybody else");
    }

    @Test
    void offloadedWork() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (Offload offload = Offload.open(2, 10)) {
            Operation<?> occupied = offload.submit(loop, () -> {
                release.await();
                return 1;
            });
            isBrokenOff(() -> offload.submitAbandonable(here(), () -> {
                        new CountDownLatch(1).await(); // until it is interrupted
                        return 1;
                    })
                    .await());
            release.countDown();
            assertEquals(1, occupied.await());
            Eventually.until("all threads are free", () -> offload.status().abandoned() == 0);
        }
    }

    /**
     * No file operation is endless; a sync takes some 100 µs of a device. Many at once are under way when the time is over: each is then
     * done or was not, and of those that wait for their turn, in the kernel or in the pool, some are taken back.
     */
    @Test
    void filesInTheKernel() throws Exception {
        int count = 300;
        for (boolean deadline : new boolean[] {false, true}) {
            Path path = Files.write(folder.resolve("file-" + deadline + System.nanoTime()), new byte[count]);
            Failure expected = deadline ? Failure.TIMED_OUT : Failure.CANCELLED;
            int broken = onGreen(loop, () -> {
                List<Operation<Integer>> writes = new ArrayList<>();
                try (AsyncFile file = loop.files().open(path, AsyncFile.Option.WRITE)) {
                    try (Scope scope = deadline
                            ? Scope.builder().within(Duration.ofNanos(1)).allEnd()
                            : Scope.builder().allEnd()) {
                        for (int i = 0; i < count; i++) {
                            int position = i;
                            writes.add(scope.fork(() -> {
                                Operation<Integer> write = file.startWrite(position, Buffer.of((byte) 'x'), 0, 1);
                                write.await();
                                file.sync();
                                return write.value();
                            }));
                        }
                        if (!deadline) {
                            Thread.yield(); // they begin
                            scope.cancel();
                        }
                        try {
                            scope.join();
                        } catch (OperationException over) {
                            assertEquals(expected, over.failure());
                        }
                    }
                }
                byte[] found = loop.files().readAll(path, count);
                int ended = 0;
                for (int i = 0; i < count; i++) {
                    Operation.Outcome<Integer> outcome = writes.get(i).poll().orElseThrow();
                    if (outcome instanceof Operation.Failed<Integer>(Throwable why)) {
                        assertEquals(expected, ((OperationException) why).failure());
                        ended++;
                    } else {
                        assertEquals('x', found[i], "what is said to be done, is");
                    }
                }
                return ended;
            });
            assertTrue(broken > 0, "all " + count + " went on to their end");
        }
    }
}
