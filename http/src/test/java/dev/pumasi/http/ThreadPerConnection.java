package dev.pumasi.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** {@link BlockingHttp} with a platform thread for each connection, so that the server's tests run on it too. */
final class ThreadPerConnection implements Server {

    /** Where tests name a driver. */
    static final String NAME = "threads";

    private final BlockingHttp http;
    private final ServerSocketChannel listening;
    private final SocketAddress address;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private ThreadPerConnection(BlockingHttp http) throws IOException {
        this.http = http;
        listening = ServerSocketChannel.open().bind(new InetSocketAddress("localhost", 0));
        address = listening.getLocalAddress();
        Thread.ofPlatform().daemon().name("acceptor").start(this::accept);
    }

    static ThreadPerConnection start(Endpoint endpoint, HttpLimits limits, String name) throws IOException {
        return new ThreadPerConnection(BlockingHttp.open(endpoint, limits, name, () -> false));
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel connection = listening.accept();
                Thread.ofPlatform().daemon().name("connection").start(() -> http.serve(connection));
            }
        } catch (ClosedChannelException stopping) {
            // stop() has closed it
        } catch (IOException broken) {
            throw new AssertionError("cannot accept", broken);
        }
    }

    long reads() {
        return http.reads();
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public HttpStatus status() {
        return http.status();
    }

    @Override
    public Capacity capacity() {
        return new Capacity(Integer.MAX_VALUE, 0, Integer.MAX_VALUE, Capacity.Beyond.IS_TOLD);
    }

    @Override
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }

    @Override
    public void stop(Duration patience) {
        try {
            listening.close();
        } catch (IOException broken) {
            throw new AssertionError("cannot close", broken);
        }
        http.drain();
        http.awaitDrained(patience);
        http.close();
        http.awaitDrained(CLOSE_PATIENCE);
        stopped.countDown();
    }
}
