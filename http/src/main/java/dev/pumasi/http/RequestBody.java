package dev.pumasi.http;

/**
 * The body of a request, as the handler reads it while the request is valid. What it leaves unread is discarded by the
 * server.
 */
public abstract non-sealed class RequestBody extends MessageBody {

    /** For the server's connections, and for tests of handlers. */
    protected RequestBody() {}
}
