package dev.pumasi.web;

import dev.pumasi.http.Request;
import dev.pumasi.http.Response;

/**
 * One request and what became of it, for a line of an {@link AccessLog}. To be read while it is handed over: the request is gone afterwards.
 *
 * @param request what was asked; its text is a stranger's
 * @param response what was answered
 * @param bodyBytes how many bytes of body were written for the client; it may not have taken all of them
 * @param complete whether that is the whole answer: not if the writer of the body has failed
 * @param wallMillis when it was answered, since 1970 UTC
 * @param nanos how long that took from the moment when the request's head was there
 */
public record AccessEntry(
        Request request, Response response, long bodyBytes, boolean complete, long wallMillis, long nanos) {}
