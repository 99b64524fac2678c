package dev.pumasi.web;

import dev.pumasi.http.Response;

/**
 * What has come of asking a script or an application.
 *
 * @param isThere false if nobody took the request: then it can be asked elsewhere, with the same body
 * @param isOurs whether the response is one about a failure, and not what a script says
 */
record Asked(Response response, boolean isThere, boolean isOurs) {

    static Asked ours(Response response) {
        return new Asked(response, true, true);
    }

    /**
     * As a step: a failure has only a status, for which there may be a page; and so has what a script says, if {@code error_page} is to hold for it.
     *
     * @param intercepts whether it is
     */
    Step step(Visit visit, boolean intercepts) {
        int status = response.status();
        if (isOurs) {
            return response.header("Retry-After").isPresent()
                    ? new Step.Refused(status, "Retry-After", "1")
                    : Step.Refused.of(status);
        }
        if (!intercepts
                || status < 300
                || !visit.location().holds().errorPages().containsKey(status)) {
            return new Step.Done(response);
        }
        response.mapWriter(writer -> {
            writer.discard(); // nobody wants what it would have written
            return writer;
        });
        String authenticate = response.header("WWW-Authenticate").orElse("");
        return status == 401 && !authenticate.isEmpty()
                ? new Step.Refused(401, "WWW-Authenticate", authenticate)
                : Step.Refused.of(status);
    }
}
