package dev.pumasi.http;

/**
 * Answers requests in callback style: it is called on the loop's thread, must not wait, and sees to it that the
 * {@link Responder} is called some time, by any thread. What it throws is answered with 500 and reported once.
 */
@FunctionalInterface
public non-sealed interface AsyncHandler extends Endpoint {

    void handle(Request request, Responder responder) throws Exception;
}
