package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import java.net.SocketAddress;

/** What a {@link Request} needs of the connection it came by. */
interface Exchange {

    RequestBody body();

    SocketAddress remoteAddress();

    Loop loop();
}
