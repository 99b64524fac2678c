package dev.pumasi.web;

import dev.pumasi.http.Response;
import java.util.Optional;
import java.util.Set;

/**
 * {@code dav_methods}: files are stored and deleted by some methods, and read by the others.
 *
 * @param uploads who stores them
 * @param methods those
 * @param lengths which bodies may come without a length
 * @param files for the other methods
 * @param changed is told when one has changed something
 */
record UploadContent(Uploads uploads, Set<String> methods, BodyLengths lengths, Content files, Runnable changed)
        implements Content {

    private static final int SUCCESSFUL = 200;
    private static final int REDIRECTION = 300;

    @Override
    public Step answer(Visit visit) throws Exception {
        // A page about an error is read, by whatever method it was asked for.
        if (!methods.contains(visit.method()) || visit.errorStatus() != 0) {
            return files.answer(visit);
        }
        Optional<FilePath> path = FilePath.ofDecoded(visit.location().files().pathOf(visit, visit.uri()));
        if (path.isEmpty()) {
            return Step.Refused.of(404);
        }
        if (lengths.mustBeSaid(visit)) {
            return Step.Refused.of(411);
        }
        Response answer = uploads.answer(visit.request(), path.get());
        if (answer.status() >= SUCCESSFUL && answer.status() < REDIRECTION) {
            changed.run(); // before the client knows, and asks for it
        }
        return new Step.Done(answer);
    }

    @Override
    public String words() {
        return files.words() + ", and " + String.join(" ", methods);
    }
}
