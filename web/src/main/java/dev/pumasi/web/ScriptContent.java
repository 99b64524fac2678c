package dev.pumasi.web;

import dev.pumasi.http.Request;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@code cgi_pass}: scripts beneath the folder of the location answer.
 *
 * @param scripts who runs them
 * @param lengths which bodies may come without a length
 * @param isIntercepting whether {@code error_page} holds for what scripts answer
 * @param label which of them are run
 */
record ScriptContent(Cgi scripts, BodyLengths lengths, boolean isIntercepting, String label) implements Content {

    @Override
    public Step answer(Visit visit) throws Exception {
        Optional<FilePath> path = FilePath.ofDecoded(visit.location().files().pathOf(visit, visit.uri()));
        if (path.isEmpty()) {
            return Step.Refused.of(404);
        }
        Request request = visit.request();
        if (!visit.method().equals(request.method())) {
            request = request.redirectedTo(Redirects.escapedPath(visit.uri())); // a page about an error has no body
        } else if (lengths.mustBeSaid(visit)) {
            return Step.Refused.of(411);
        }
        Map<String, String> said = new LinkedHashMap<>();
        said.put("QUERY_STRING", visit.args());
        if (!visit.user().isEmpty()) {
            said.put("AUTH_TYPE", "Basic");
            said.put("REMOTE_USER", visit.user());
        }
        return scripts.ask(request, path.get(), said).step(visit, isIntercepting);
    }

    @Override
    public String words() {
        return "scripts " + label;
    }
}
