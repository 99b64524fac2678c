package dev.pumasi.examples;

import dev.pumasi.runtime.CompletionQueue;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The matrix (S07): {synchronous, asynchronous} × {blocking, non-blocking}, on the same {@code receive}.
 *
 * <ul>
 *   <li><b>Synchronous or asynchronous</b> is a question of who sees to completion: the caller itself, or whoever works on
 *       it, who then tells the caller.
 *   <li><b>Blocking or non-blocking</b> is a question of whether the call returns at once.
 * </ul>
 *
 * One thread, {@code main}, receives from three peers by a loop that it turns by hand. A turn is one call of the kernel (with
 * io_uring exactly: {@code io_uring_enter}; the other drivers add the {@code recv} itself), and the loop counts them. In each
 * round the third peer speaks first, then the second, and the first last.
 */
final class Quadrants {

    static final int ROUNDS = 4;

    /** What one way did, and what it cost. */
    record Cost(
            Quadrant quadrant,
            long kernelCalls,
            long notYet,
            long workPieces,
            List<Integer> order,
            double cpuMillis,
            double idleMillis,
            double unreadMillis) {}

    /** The four, with how each receives one message from every peer. */
    enum Quadrant {
        SYNCHRONOUS_BLOCKING(
                "동기 블로킹",
                "synchronous, blocking",
                "The call returns with the data. Until then the thread stands still in the kernel:",
                "cheap, but whoever has spoken meanwhile lies unread.") {
            @Override
            void round(Quadrants by) throws IOException {
                for (int peer = 0; peer < SlowPeers.COUNT; peer++) {
                    Operation<Integer> receive = by.receive(peer);
                    while (!receive.isDone()) {
                        by.loop.turn(Driver.FOREVER);
                    }
                    by.took(peer, receive);
                }
            }
        },
        SYNCHRONOUS_NON_BLOCKING(
                "동기 논블로킹",
                "synchronous, non-blocking",
                "The call returns at once, mostly with \"not yet\". The thread itself sees to completion: it asks",
                "again and again. Nobody lies unread, and a whole processor does nothing but ask.") {
            @Override
            void round(Quadrants by) throws IOException {
                List<Operation<Integer>> receives = by.receiveFromAll();
                int left = receives.size();
                boolean[] taken = new boolean[left];
                while (left > 0) {
                    for (int peer = 0; peer < taken.length; peer++) {
                        if (taken[peer]) {
                            continue;
                        }
                        if (receives.get(peer).poll().isEmpty()) {
                            by.notYet++;
                        } else {
                            taken[peer] = true;
                            left--;
                            by.took(peer, receives.get(peer));
                        }
                    }
                    by.loop.turn(0);
                }
            }
        },
        ASYNCHRONOUS_BLOCKING(
                "비동기 블로킹",
                "asynchronous, blocking",
                "All three are started; then the thread blocks, not in any of them, but in the wait to be told which",
                "is done (select, epoll_wait). Cheap, and nobody lies unread; but it does nothing else.") {
            @Override
            void round(Quadrants by) throws IOException {
                CompletionQueue done = new CompletionQueue();
                List<Operation<Integer>> receives = by.receiveFromAll();
                receives.forEach(receive -> receive.notify(done));
                for (int left = receives.size(); left > 0; left--) {
                    Optional<Operation<?>> next = done.next();
                    while (next.isEmpty()) {
                        by.loop.turn(Driver.FOREVER);
                        next = done.next();
                    }
                    int peer = receives.indexOf(next.get());
                    by.took(peer, receives.get(peer));
                }
            }
        },
        ASYNCHRONOUS_NON_BLOCKING(
                "비동기 논블로킹",
                "asynchronous, non-blocking",
                "All three are started, with a callback each. The thread goes on with other work, and the loop calls",
                "it back between two pieces of that. Nobody lies unread, and the idle time has become work.") {
            @Override
            void round(Quadrants by) {
                int[] left = {SlowPeers.COUNT};
                for (int peer = 0; peer < SlowPeers.COUNT; peer++) {
                    int number = peer;
                    Operation<Integer> receive = by.receive(peer);
                    receive.onDone(outcome -> {
                        left[0]--;
                        by.took(number, receive);
                    });
                }
                by.loop.execute(new Runnable() {
                    @Override
                    public void run() {
                        by.workOnSomethingElse();
                        if (left[0] > 0) {
                            by.loop.execute(this);
                        }
                    }
                });
                while (left[0] > 0) {
                    by.loop.turn(Driver.FOREVER);
                }
            }
        };

        final String korean;
        final String english;
        final String how;
        final String cost;

        Quadrant(String korean, String english, String how, String cost) {
            this.korean = korean;
            this.english = english;
            this.how = how;
            this.cost = cost;
        }

        abstract void round(Quadrants by) throws IOException;
    }

    private final Loop loop;
    private final SlowPeers peers;
    private final List<StreamSocket> sockets;
    private final Buffer into = Buffer.allocate(SlowPeers.COUNT);
    private final List<Integer> order = new ArrayList<>();
    private long notYet;
    private long workPieces;
    private long unreadNanos;
    private int candidate = 3;
    private int primes;

    private Quadrants(Loop loop, SlowPeers peers, List<StreamSocket> sockets) {
        this.loop = loop;
        this.peers = peers;
        this.sockets = sockets;
    }

    static void main(String[] args) throws Exception {
        if (JsonLines.isAsked(args)) {
            print(JsonLines.rounds(args));
            return;
        }
        Story story = new Story(System.out);
        String driver = args.length > 0 ? args[0] : Drivers.AUTO;
        run(driver, Quadrant.SYNCHRONOUS_NON_BLOCKING, 5); // once in vain: what is measured should not be class loading
        story.print("");
        story.print("three peers, " + ROUNDS + " messages each, 20 ms apart; one thread receives them");
        story.print("");
        story.print("                                            calls of                       lay     pieces of");
        story.print("                                            the kernel     CPU    idle   unread   other work");
        for (Quadrant quadrant : Quadrant.values()) {
            Cost cost = run(driver, quadrant, 20);
            story.print(String.format(
                    Locale.ROOT,
                    "%s%-28s %,10d  %7.1f ms %5.0f ms %4.0f ms %,8d",
                    quadrant.korean + " ".repeat(17 - KitchenTimeline.columns(quadrant.korean)),
                    quadrant.english,
                    cost.kernelCalls,
                    cost.cpuMillis,
                    cost.idleMillis,
                    cost.unreadMillis,
                    cost.workPieces));
        }
        for (Quadrant quadrant : Quadrant.values()) {
            story.print("");
            story.print(quadrant.korean + ", " + quadrant.english);
            story.print("  " + quadrant.how);
            story.print("  " + quadrant.cost);
        }
    }

    private static void print(int rounds) throws Exception {
        run(Drivers.AUTO, Quadrant.SYNCHRONOUS_NON_BLOCKING, 5);
        for (int round = 0; round < rounds; round++) {
            for (Quadrant quadrant : Quadrant.values()) {
                Cost cost = run(Drivers.AUTO, quadrant, 20);
                JsonLines.print(
                        "quadrant",
                        "name",
                        quadrant.english,
                        "korean",
                        quadrant.korean,
                        "kernelCalls",
                        cost.kernelCalls,
                        "cpuMillis",
                        cost.cpuMillis,
                        "idleMillis",
                        cost.idleMillis,
                        "unreadMillis",
                        cost.unreadMillis,
                        "workPieces",
                        cost.workPieces);
            }
            for (WaysToLearn.Cost cost : WaysToLearn.all(Drivers.AUTO, 10)) {
                JsonLines.print(
                        "way",
                        "name",
                        cost.way(),
                        "kernelCalls",
                        cost.kernelCalls(),
                        "asked",
                        cost.asked(),
                        "cpuMillis",
                        cost.cpuMillis(),
                        "idleMillis",
                        cost.idleMillis(),
                        "lateMillis",
                        cost.lateMillis());
            }
        }
    }

    static Cost run(String driver, Quadrant quadrant, int gapMillis) throws Exception {
        Loop loop = Loop.open("loop", Drivers.choose(driver).factory());
        try (SlowPeers peers = new SlowPeers(loop, gapMillis)) {
            Quadrants by = new Quadrants(loop, peers, peers.accepted());
            long callsBefore = loop.status().turns();
            long cpuBefore = cpuNanos();
            long beganNanos = System.nanoTime();
            for (int round = 0; round < ROUNDS; round++) {
                peers.nextRound();
                quadrant.round(by);
            }
            long tookNanos = System.nanoTime() - beganNanos;
            long cpuNanos = cpuNanos() - cpuBefore;
            return new Cost(
                    quadrant,
                    loop.status().turns() - callsBefore,
                    by.notYet,
                    by.workPieces,
                    List.copyOf(by.order),
                    cpuNanos / 1e6,
                    Math.max(0, tookNanos - cpuNanos) / 1e6,
                    by.unreadNanos / 1e6 / (ROUNDS * SlowPeers.COUNT));
        } finally {
            loop.close();
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private List<Operation<Integer>> receiveFromAll() {
        List<Operation<Integer>> receives = new ArrayList<>();
        for (int peer = 0; peer < SlowPeers.COUNT; peer++) {
            receives.add(receive(peer));
        }
        return receives;
    }

    private Operation<Integer> receive(int peer) {
        return sockets.get(peer).receive(into, peer, 1);
    }

    /** The message of that peer is in the thread's hands. */
    private void took(int peer, Operation<Integer> receive) {
        try {
            if (receive.value() != 1) {
                throw new IllegalStateException("the peer has left");
            }
        } catch (IOException broken) {
            throw new IllegalStateException(broken);
        }
        unreadNanos += System.nanoTime() - peers.spokeNanos(peer);
        order.add(peer);
    }

    /** A piece that takes some tens of microseconds: a few more primes. */
    private void workOnSomethingElse() {
        for (int end = candidate + 100; candidate < end; candidate += 2) {
            boolean isPrime = true;
            for (int divisor = 3; isPrime && divisor * divisor <= candidate; divisor += 2) {
                isPrime = candidate % divisor != 0;
            }
            primes += isPrime ? 1 : 0;
        }
        workPieces++;
    }
}
