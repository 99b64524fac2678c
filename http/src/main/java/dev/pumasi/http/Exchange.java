package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import java.net.SocketAddress;

/** What a {@link Request} needs of the connection it came by. */
interface Exchange {

    RequestBody body();

    SocketAddress remoteAddress();

    SocketAddress localAddress();

    Loop loop();

    /** Whether the server asks itself. */
    boolean isWarmUp();

    /** Whether the calling thread can be told that the client has gone: not if nobody looks while it works. */
    boolean noticesGone();

    /** Runs {@code action} on the loop if the client goes before {@code asking} is answered. Any thread. */
    void onGone(Request asking, Runnable action);

    /** Takes that back. Any thread. */
    void forgetGone(Request asking, Runnable action);
}
