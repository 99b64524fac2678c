package dev.pumasi.web;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import java.util.List;
import java.util.Optional;

/**
 * {@code access_log}: one place a line goes to when an answer is over.
 *
 * @param condition what must be neither empty nor 0, if anything must
 */
record Logging(LogFile file, LogFormat format, Optional<Template> condition) {

    /** The same response; when it is over, its lines are written. One of bytes is as good as over. */
    static Response of(List<Logging> logs, Visit visit, Response response) {
        if (!response.isStream()) {
            boolean bodiless = visit.request().method().equals("HEAD") || response.status() == 304;
            write(logs, visit, response, bodiless ? 0 : Math.max(0, response.lengthBytes()), true);
            return response;
        }
        return response.mapWriter(writer -> new BodyWriter() {
            @Override
            public void writeTo(BodyOutput out) throws Exception {
                AccessLog.Counted counted = new AccessLog.Counted(out);
                boolean complete = false;
                try {
                    writer.writeTo(counted);
                    complete = true;
                } finally {
                    write(logs, visit, response, counted.bytes(), complete);
                }
            }

            @Override
            public void discard() {
                write(logs, visit, response, 0, true);
                writer.discard();
            }
        });
    }

    /** There was no answer: the server gives one of its own. */
    static void failed(List<Logging> logs, Visit visit) {
        write(logs, visit, Response.of(500), 0, false);
    }

    private static void write(List<Logging> logs, Visit visit, Response response, long bytes, boolean complete) {
        Request request = visit.request();
        if (request.isWarmUp()) {
            return; // nobody has asked
        }
        Loop loop = request.loop();
        long wallMillis = loop.isCurrent() ? loop.wallMillis() : System.currentTimeMillis();
        visit.status(response.status());
        AccessEntry entry = new AccessEntry(request, response, bytes, complete, wallMillis, visit.ageNanos());
        for (Logging log : logs) {
            if (log.condition.isPresent()) {
                String holds = log.condition.get().of(visit);
                if (holds.isEmpty() || holds.equals("0")) {
                    continue;
                }
            }
            log.file.add(loop, log.format.line(visit, entry));
        }
    }
}
