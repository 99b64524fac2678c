package dev.pumasi.web;

import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.util.List;

/** {@code try_files}: the first of several files that is there, and what to do if none is. */
final class TryFiles {

    private TryFiles() {}

    /** @return {@link Step#GO_ON} if one was found, which the visit's path now is */
    static Step run(List<Location.Attempt> tries, Visit visit) throws IOException {
        Loop loop = visit.request().loop();
        boolean onLoop = loop.isCurrent();
        long nowNanos = onLoop ? loop.nowNanos() : System.nanoTime();
        long nowMillis = onLoop ? loop.wallMillis() : System.currentTimeMillis();
        Place place = visit.location().files();
        for (int i = 0; i < tries.size() - 1; i++) {
            Location.Attempt attempt = tries.get(i);
            String path = attempt.path().of(visit);
            Found found = place.store()
                    .find(loop, place.pathOf(visit, path), nowNanos, nowMillis)
                    .found();
            FilesContent.release(found);
            if (attempt.folder() ? found instanceof Found.Folder : found instanceof Found.File) {
                if (!path.equals(visit.uri())) {
                    visit.found(path);
                }
                return Step.GO_ON;
            }
        }
        Location.Attempt last = tries.getLast();
        if (last.status() != 0) {
            return Step.Refused.of(last.status());
        }
        if (last.named().isPresent()) {
            Location named = visit.server().locations().named(last.named().get());
            return named == null ? Step.Refused.of(500) : new Step.Named(named);
        }
        String target = last.path().of(visit);
        int mark = target.indexOf('?');
        visit.redirect(
                mark < 0 ? target : target.substring(0, mark), mark < 0 ? visit.args() : target.substring(mark + 1));
        return Step.Again.NOW;
    }
}
