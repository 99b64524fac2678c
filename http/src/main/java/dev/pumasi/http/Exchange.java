package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import java.net.SocketAddress;

/** What a {@link Request} needs of the connection it came by. */
interface Exchange {

    RequestBody body();

    SocketAddress remoteAddress();

    SocketAddress localAddress();

    Loop loop();

    /** The number of the connection among those of this process. */
    long connectionNumber();

    /** Which of its connection's requests this is, from 1. */
    int requestNumber();

    /** How many bytes the head of {@code response} has, if that is the answer; 0 when the connection is over. */
    int headBytes(Response response);

    /** Whether the server asks itself. */
    boolean isWarmUp();

    /** Whether the calling thread can be told that the client has gone: not if nobody looks while it works. */
    boolean noticesGone();

    /** Runs {@code action} on the loop if the client goes before {@code asking} is answered. Any thread. */
    void onGone(Request asking, Runnable action);

    /** Takes that back. Any thread. */
    void forgetGone(Request asking, Runnable action);
}
