package dev.pumasi.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port of the loopback interface that nobody else is given as long as this is open: for a server that must be told its port,
 * or that comes back to the one it had; and for a place where certainly nobody listens. A port that was free a moment ago is
 * none of this: another test may have it by now.
 *
 * <p>It is a socket that is bound, with {@code SO_REUSEADDR}, and does not listen. The system gives its port to nobody who asks for
 * just any; whoever asks for this one and sets {@code SO_REUSEADDR}, as servers do, may bind it and listen beside
 * ({@code ip(7)}, {@code socket(7)}). Who connects while nobody listens is refused.
 */
public final class HeldPort implements Closeable {

    private final Socket socket;

    private HeldPort(Socket socket) {
        this.socket = socket;
    }

    /** Takes one that was free. */
    public static HeldPort take() throws IOException {
        Socket socket = new Socket();
        try {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException refused) {
            socket.close();
            throw refused;
        }
        return new HeldPort(socket);
    }

    /** Its number, from 1 to 65535. */
    public int number() {
        return socket.getLocalPort();
    }

    /** Lets it go. Whoever listens there does so undisturbed. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
