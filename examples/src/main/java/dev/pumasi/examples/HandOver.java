package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** What it takes to go from one task to another and not back yet: two tasks hand each other a token, round after round. */
final class HandOver {

    /** Green threads are so much faster that they need more rounds to be measured. */
    private static final int GREEN_ROUNDS_FACTOR = 10;

    /** A lone pair pays for a whole turn of its loop with each hand-over; as many as a busy server has share it. */
    private static final int PAIRS = 100;

    /**
     * What one hand-over cost.
     *
     * @param kernelSwitchesEach how often the kernel went to another thread or process for it
     */
    record Cost(String between, double nanosEach, double kernelSwitchesEach) {}

    /** So many rounds of it. */
    @FunctionalInterface
    private interface Game {
        void play(int rounds) throws Exception;
    }

    private HandOver() {}

    static List<Cost> all(Loop loop, int rounds) throws Exception {
        List<Cost> costs = new ArrayList<>();
        costs.add(betweenProcesses(rounds));
        costs.add(betweenThreadsThroughPipes(rounds));
        costs.add(measured("threads, by park and unpark", rounds, 0, HandOver::park));
        costs.add(betweenGreenThreadsThroughASocket(loop, rounds));
        costs.add(measured(
                "green threads of one loop, by park and unpark",
                rounds * GREEN_ROUNDS_FACTOR,
                0,
                count -> parkOnLoop(loop, 1, count)));
        costs.add(measured(
                "the same, " + PAIRS + " pairs at once",
                rounds * GREEN_ROUNDS_FACTOR,
                0,
                count -> parkOnLoop(loop, PAIRS, Math.max(1, count / PAIRS))));
        return costs;
    }

    /** A tenth of it first, to be compiled. */
    private static Cost measured(String between, int rounds, long otherProcess, Game game) throws Exception {
        game.play(Math.max(1, rounds / 10));
        long self = ProcessHandle.current().pid();
        long switches = switches(self, otherProcess);
        long began = System.nanoTime();
        game.play(rounds);
        double nanos = System.nanoTime() - began;
        switches = switches(self, otherProcess) - switches;
        return new Cost(between, nanos / (2.0 * rounds), Math.max(0, switches) / (2.0 * rounds));
    }

    private static long switches(long self, long other) throws IOException {
        return Proc.contextSwitches(self) + (other > 0 ? Proc.contextSwitches(other) : 0);
    }

    /** {@code cat} gives back what it is given. */
    private static Cost betweenProcesses(int rounds) throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try (OutputStream to = cat.getOutputStream();
                InputStream from = cat.getInputStream();
                InputStream _ = cat.getErrorStream()) {
            return measured("processes, through pipes", rounds, cat.pid(), count -> {
                for (int i = 0; i < count; i++) {
                    to.write('.');
                    to.flush();
                    expectOne(from.read() < 0 ? -1 : 1);
                }
            });
        } finally {
            cat.destroy();
            cat.waitFor();
        }
    }

    /** The one who gives back lives as long as the pipes, so that the kernel's count of its switches is complete. */
    private static Cost betweenThreadsThroughPipes(int rounds) throws Exception {
        Pipe there = Pipe.open();
        Pipe back = Pipe.open();
        Thread other = Thread.ofPlatform().name("gives-back").start(() -> {
            try {
                ByteBuffer token = ByteBuffer.allocateDirect(1);
                while (read(there.source(), token) == 1) {
                    back.sink().write(token.flip());
                }
            } catch (IOException broken) {
                throw new IllegalStateException(broken);
            }
        });
        ByteBuffer token = ByteBuffer.allocateDirect(1);
        try (Pipe.SourceChannel _ = there.source();
                Pipe.SourceChannel from = back.source();
                Pipe.SinkChannel _ = back.sink()) {
            try (Pipe.SinkChannel to = there.sink()) {
                return measured("threads, through pipes", rounds, 0, count -> {
                    for (int i = 0; i < count; i++) {
                        to.write(token.clear());
                        expectOne(read(from, token));
                    }
                });
            } finally {
                other.join(); // it ends with the pipe
            }
        }
    }

    private static int read(ReadableByteChannel from, ByteBuffer token) throws IOException {
        return from.read(token.clear());
    }

    private static void expectOne(int count) throws IOException {
        if (count != 1) {
            throw new IOException("the token is lost");
        }
    }

    /** Whose turn it is. */
    private static final class Token {
        volatile int holder;
        volatile Thread[] players = new Thread[2];

        /** Waits for its turn, takes it, and gives it away, so many times. */
        void play(int self, int rounds) {
            for (int i = 0; i < rounds; i++) {
                while (holder != self) {
                    LockSupport.park(this);
                }
                holder = 1 - self;
                LockSupport.unpark(players[1 - self]);
            }
        }
    }

    private static void park(int rounds) throws InterruptedException {
        Token token = new Token();
        Thread other = Thread.ofPlatform().name("other").unstarted(() -> token.play(1, rounds));
        token.players = new Thread[] {Thread.currentThread(), other};
        other.start();
        token.play(0, rounds);
        other.join();
    }

    private static void parkOnLoop(Loop loop, int pairs, int rounds) throws Exception {
        CompletableFuture<List<Thread>> all = new CompletableFuture<>();
        loop.execute(
                () -> { // so that nobody runs before both of a pair are known
                    List<Thread> players = new ArrayList<>();
                    for (int i = 0; i < pairs; i++) {
                        Token token = new Token();
                        Thread one = loop.spawn(() -> token.play(0, rounds));
                        Thread other = loop.spawn(() -> token.play(1, rounds));
                        token.players = new Thread[] {one, other};
                        players.add(one);
                        players.add(other);
                    }
                    all.complete(players);
                });
        for (Thread player : all.get()) {
            player.join();
        }
    }

    private static Cost betweenGreenThreadsThroughASocket(Loop loop, int rounds) throws Exception {
        Path folder = Files.createTempDirectory("pumasi-costs");
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
        CompletableFuture<StreamSocket> accepted = new CompletableFuture<>();
        try (Listener listener = Listener.open(loop, address, accepted::complete);
                StreamSocket one =
                        StreamSocket.connect(loop, listener.address()).await();
                StreamSocket other = accepted.get()) {
            return measured("green threads of one loop, through a socket", rounds, 0, count -> {
                Thread gives = loop.spawn(() -> exchange(one, true, count));
                Thread givesBack = loop.spawn(() -> exchange(other, false, count));
                gives.join();
                givesBack.join();
            });
        } finally {
            Files.deleteIfExists(address.getPath()); // the loop is about to do it, too
            Files.delete(folder);
        }
    }

    private static void exchange(StreamSocket socket, boolean begins, int rounds) throws IOException {
        byte[] token = new byte[1];
        for (int i = 0; i < rounds; i++) {
            if (begins) {
                give(socket, token);
            }
            expectOne(socket.read(token, 0, 1));
            if (!begins) {
                give(socket, token);
            }
        }
    }

    private static void give(StreamSocket socket, byte[] token) throws IOException {
        socket.write(token, 0, 1);
        socket.flush();
    }
}
