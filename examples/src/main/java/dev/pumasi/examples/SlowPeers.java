package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLongArray;

/** Some peers that speak when they are ready: in each round the last one first, and the first one last. */
final class SlowPeers implements AutoCloseable {

    static final int COUNT = 3;

    private final List<Socket> peers = new ArrayList<>();
    private final List<StreamSocket> accepted = new ArrayList<>();
    private final AtomicLongArray spokeNanos = new AtomicLongArray(COUNT);
    private final Semaphore rounds = new Semaphore(0);
    private final Thread speaker;

    /** Connects to {@code loop}, which the caller drives. */
    SlowPeers(Loop loop, int gapMillis) throws IOException {
        try (Listener listener =
                Listener.open(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), accepted::add)) {
            for (int i = 0; i < COUNT; i++) {
                peers.add(new Socket(
                        InetAddress.getLoopbackAddress(), ((InetSocketAddress) listener.address()).getPort()));
                while (accepted.size() <= i) {
                    loop.turn(1_000_000);
                }
            }
        }
        speaker = Thread.ofPlatform().name("peers").start(() -> speak(gapMillis));
    }

    /** The loop's ends, in the order of the peers. */
    List<StreamSocket> accepted() {
        return accepted;
    }

    void nextRound() {
        rounds.release();
    }

    /** When that peer has spoken last. */
    long spokeNanos(int peer) {
        return spokeNanos.get(peer);
    }

    private void speak(int gapMillis) {
        try {
            while (true) {
                rounds.acquire();
                for (int peer = COUNT - 1; peer >= 0; peer--) {
                    Thread.sleep(gapMillis);
                    spokeNanos.set(peer, System.nanoTime());
                    peers.get(peer).getOutputStream().write('!');
                }
            }
        } catch (InterruptedException | IOException over) {
            // Nobody listens any more.
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        speaker.interrupt();
        speaker.join();
        for (Socket peer : peers) {
            peer.close();
        }
        accepted.forEach(StreamSocket::close);
    }
}
