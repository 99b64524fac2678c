package dev.pumasi.web;

import java.util.Optional;
import java.util.Set;

/**
 * {@code dav_methods}: files are stored and deleted by some methods, and read by the others.
 *
 * @param uploads who stores them
 * @param methods those
 * @param lengths which bodies may come without a length
 * @param files for the other methods
 */
record UploadContent(Uploads uploads, Set<String> methods, BodyLengths lengths, Content files) implements Content {

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
        return lengths.mustBeSaid(visit)
                ? Step.Refused.of(411)
                : new Step.Done(uploads.answer(visit.request(), path.get()));
    }

    @Override
    public String words() {
        return files.words() + ", and " + String.join(" ", methods);
    }
}
