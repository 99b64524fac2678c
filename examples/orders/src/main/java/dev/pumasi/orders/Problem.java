package dev.pumasi.orders;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.sql.DatabaseException;
import dev.pumasi.sql.RefusedException;
import dev.pumasi.sql.SqlFailure;
import java.util.List;

/**
 * What was wrong with a request, for programs (RFC 9457). What the database says about itself is for the log, not for clients.
 *
 * @param type tells kinds apart; {@code about:blank} where the status says it all
 * @param errors each thing that is wrong, so that all can be mended at once
 */
record Problem(
        String type,
        String title,
        int status,
        String detail,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Error> errors) {

    /** @param pointer where it is in what was sent (RFC 6901, as a fragment): {@code #/lines/0/count} */
    record Error(String pointer, String detail) {}

    private static final MediaType TYPE = MediaType.of("application/problem+json");

    static Problem of(int status, String title, String detail) {
        return new Problem("about:blank", title, status, detail, List.of());
    }

    static Problem invalid(List<Error> errors) {
        return new Problem(
                "/problems/invalid-order",
                "The order is not valid.",
                422,
                errors.size() == 1 ? "One thing is wrong." : errors.size() + " things are wrong.",
                errors);
    }

    static Problem soldOut() {
        return new Problem(
                "/problems/sold-out", "There is not enough left.", 409, "Order less, or something else.", List.of());
    }

    Response response() {
        return Response.bytes(TYPE, Json.bytes(this)).withStatus(status);
    }

    /** What it means to a client that the database did not do it. */
    static Response of(DatabaseException failure) {
        if (failure instanceof RefusedException refused) {
            return of(503, "Too busy", "The database takes no more at present.")
                    .response()
                    .withHeader(
                            "Retry-After", Long.toString(refused.retryAfter().toSeconds()));
        }
        if (failure.failure() == SqlFailure.COMMIT_UNKNOWN) {
            return of(500, "Not known", "Whether the order was placed is not known: look for it before trying again.")
                    .response();
        }
        if (failure.failure() == SqlFailure.TIMED_OUT) {
            return of(504, "Too slow", "The database took too long. Nothing was changed.")
                    .response();
        }
        if (failure.failure().isPassing()) {
            return of(503, "Not now", "Nothing was changed. Trying again may help.")
                    .response()
                    .withHeader("Retry-After", "1");
        }
        return of(500, "Internal error", "Nothing was changed.").response();
    }
}
