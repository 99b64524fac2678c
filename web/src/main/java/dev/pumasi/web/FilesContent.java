package dev.pumasi.web;

import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers with the files of a location: the file itself, the index of a folder, or a list of what is in it.
 *
 * @param indexes what a folder stands for, in the order in which it is looked for; an absolute one is a path of its own
 * @param lists whether a folder without an index is listed
 * @param exactSize whether its listing has sizes in bytes
 */
record FilesContent(List<Template> indexes, boolean lists, boolean exactSize) implements Content {

    private static final FileAnswers ANSWERS = new FileAnswers(false);

    @Override
    public Step answer(Visit visit) throws IOException {
        String method = visit.method();
        boolean reads = method.equals("GET") || method.equals("HEAD");
        if (!reads) {
            return new Step.Refused(405, "Allow", "GET, HEAD");
        }
        Request request = visit.request();
        Loop loop = request.loop();
        boolean onLoop = loop.isCurrent();
        long nowNanos = onLoop ? loop.nowNanos() : System.nanoTime();
        long nowMillis = onLoop ? loop.wallMillis() : System.currentTimeMillis();
        Place place = visit.location().files();
        String uri = visit.uri();
        return uri.endsWith("/")
                ? folder(visit, place, loop, nowNanos, nowMillis)
                : file(visit, place.store(), place.pathOf(visit, uri), loop, nowNanos, nowMillis);
    }

    private Step folder(Visit visit, Place place, Loop loop, long nowNanos, long nowMillis) throws IOException {
        String uri = visit.uri();
        FileStore store = place.store();
        String path = place.pathOf(visit, uri);
        for (Template index : indexes) {
            String name = index.of(visit);
            if (name.startsWith("/")) {
                visit.redirect(name, visit.args());
                return Step.Again.NOW;
            }
            Found found = store.find(loop, path + name, nowNanos, nowMillis).found();
            release(found);
            switch (found) {
                case Found.File _ -> {
                    visit.redirect(uri + name, visit.args());
                    return Step.Again.NOW;
                }
                case Found.Forbidden _ -> {
                    return Step.Refused.of(403);
                }
                case Found.Unavailable _ -> {
                    return new Step.Refused(503, "Retry-After", "1");
                }
                case Found.Missing _, Found.Folder _ -> {}
            }
        }
        if (lists) {
            Optional<FolderPage> page = store.list(loop, path);
            if (page.isPresent()) {
                return new Step.Done(page.get().page(uri, exactSize));
            }
        }
        Found itself = store.find(loop, path, nowNanos, nowMillis).found();
        release(itself);
        return switch (itself) {
            case Found.Folder _, Found.Forbidden _ -> Step.Refused.of(403);
            case Found.Unavailable _ -> new Step.Refused(503, "Retry-After", "1");
            case Found.Missing _, Found.File _ -> Step.Refused.of(404);
        };
    }

    private Step file(Visit visit, FileStore store, String path, Loop loop, long nowNanos, long nowMillis)
            throws IOException {
        Compression compression = visit.location().holds().compression();
        Request request = visit.request();
        if (compression.brotliFiles() != Compression.Ready.OFF || compression.gzipFiles() != Compression.Ready.OFF) {
            Response ready = ready(visit, store, path, loop, nowNanos, nowMillis);
            if (ready != null) {
                return new Step.Done(ready);
            }
        }
        FileStore.Looked looked = store.find(loop, path, nowNanos, nowMillis);
        return switch (looked.found()) {
            case Found.Small small -> {
                FileCache.Entry entry = looked.entry();
                if (visit.errorStatus() != 0) {
                    yield new Step.Done(ANSWERS.whole(small, nowMillis)); // a page about an error has no conditions
                }
                Response whole = entry == null ? ANSWERS.whole(small, nowMillis) : entry.whole();
                boolean compresses =
                        compression.isFor(small.type(), small.version().sizeBytes()) && compression.isWanted(request);
                Response answer = ANSWERS.answer(request, small, whole, !compresses, nowMillis);
                yield done(
                        compresses && answer.status() == 200 ? compressed(compression, entry, small, whole) : answer);
            }
            case Found.Large large -> {
                boolean compresses =
                        compression.isFor(large.type(), large.version().sizeBytes()) && compression.isWanted(request);
                Response answer = null;
                try {
                    answer = visit.errorStatus() != 0
                            ? ANSWERS.whole(large, nowMillis)
                            : ANSWERS.answer(request, large, null, !compresses, nowMillis);
                } finally {
                    if (answer == null || !answer.isStream()) {
                        large.file().release();
                    }
                }
                yield done(answer);
            }
            case Found.Folder _ -> {
                String args = visit.args();
                String target = Redirects.escapedPath(visit.uri()) + "/" + (args.isEmpty() ? "" : "?" + args);
                yield new Step.Done(Redirects.to(301, target.startsWith("//") ? "/." + target : target));
            }
            case Found.Missing _ -> Step.Refused.of(404);
            case Found.Forbidden _ -> Step.Refused.of(403);
            case Found.Unavailable _ -> new Step.Refused(503, "Retry-After", "1");
        };
    }

    /** What is refused may get a page of its own. */
    private static Step done(Response answer) {
        return switch (answer.status()) {
            case 412 -> Step.Refused.of(412);
            case 416 ->
                new Step.Refused(
                        416, "Content-Range", answer.header("Content-Range").orElse("bytes */*"));
            default -> new Step.Done(answer);
        };
    }

    private static Response compressed(
            Compression compression, FileCache.@Nullable Entry entry, Found.Small small, Response whole) {
        Response made = entry == null ? null : entry.compressed();
        if (made == null) {
            Response varied = compression.vary() ? whole.withHeader("Vary", "Accept-Encoding") : whole;
            byte[] bytes = small.bytes().bytes(0, small.bytes().capacity());
            made = Compression.described(varied.withBody(compression.gzip(bytes)));
            if (entry != null) {
                entry.compressed(made);
            }
        }
        return made;
    }

    /** The same file, compressed before by somebody else; null if there is none, or the client does not take it. */
    private static @Nullable Response ready(
            Visit visit, FileStore store, String path, Loop loop, long nowNanos, long nowMillis) throws IOException {
        Compression compression = visit.location().holds().compression();
        Request request = visit.request();
        for (String coding : new String[] {"br", "gzip"}) {
            Compression.Ready wish = coding.equals("br") ? compression.brotliFiles() : compression.gzipFiles();
            if (wish == Compression.Ready.OFF
                    || wish == Compression.Ready.ON && !Compression.accepts(request, coding)) {
                continue;
            }
            String end = coding.equals("br") ? ".br" : ".gz";
            Found found = store.findRare(loop, path + end, nowNanos, nowMillis).found();
            Response answer = null;
            if (found instanceof Found.File file) {
                try {
                    answer = ANSWERS.answer(request, file, null, nowMillis);
                } finally {
                    if (answer == null || !answer.isStream()) {
                        release(found);
                    }
                }
                answer = answer.withType(store.type(path)).withHeader("Content-Encoding", coding);
                return compression.vary() ? answer.withHeader("Vary", "Accept-Encoding") : answer;
            }
        }
        return null;
    }

    /** One that was only looked for. */
    static void release(Found found) {
        if (found instanceof Found.Large large) {
            large.file().release();
        }
    }

    @Override
    public String words() {
        return "files" + (lists ? ", folders are listed" : "");
    }
}
