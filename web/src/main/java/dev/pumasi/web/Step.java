package dev.pumasi.web;

import dev.pumasi.http.Response;

/** What a part of a configuration makes of a request. */
sealed interface Step {

    /** Nothing that ends it: the next part goes on. */
    Step GO_ON = new GoOn();

    /** See {@link #GO_ON}. */
    record GoOn() implements Step {}

    /** An answer. */
    record Done(Response response) implements Step {}

    /**
     * An answer of which there is only a status yet; {@code error_page} may make another of it.
     *
     * @param field a field of the answer, its name and value; empty for none
     */
    record Refused(int status, String field, String value) implements Step {

        static Refused of(int status) {
            return new Refused(status, "", "");
        }
    }

    /** The request is another one now: its path is {@link Visit#uri}, and its location must be found again. */
    record Again() implements Step {

        static final Again NOW = new Again();
    }

    /** A location that only has a name goes on. */
    record Named(Location location) implements Step {}
}
