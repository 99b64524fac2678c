package dev.pumasi.http;

/** Whatever answers requests: in direct style, or by a callback. */
public sealed interface Endpoint permits Handler, AsyncHandler {

    /**
     * Who answers this request. The server asks before it decides on which thread the answer is made: a {@link Router}
     * gives the endpoint of the route. Called on the loop's thread, so it must neither wait nor compute for long. What is
     * answered here is not asked again.
     */
    default Endpoint select(Request request) {
        return this;
    }
}
