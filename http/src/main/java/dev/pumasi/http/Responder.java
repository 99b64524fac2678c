package dev.pumasi.http;

/**
 * Takes the answer to one request, from any thread, once: the first call counts, later ones are ignored and counted. If
 * nobody ever calls it, the connection waits until the client goes away.
 */
public interface Responder {

    /** Sends the response. Does not wait until it is sent. */
    void respond(Response response);

    /** Answers 500 and reports the failure, as if a handler had thrown it. */
    void fail(Throwable failure);
}
