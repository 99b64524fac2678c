package dev.pumasi.cli;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.server.Application;
import dev.pumasi.server.Settings;

/**
 * What {@code pumasi rehearse} lets a process for a connection serve: the welcome page, and the files of a folder beside it, so
 * that one ahead-of-time cache has what either needs. No user finds it by its name.
 */
public final class RehearsedApplication implements Application {

    /** Called by those who look for applications. */
    public RehearsedApplication() {}

    @Override
    public String name() {
        return "rehearsed";
    }

    @Override
    public Endpoint open(Settings settings) throws Exception {
        return new Both(new WelcomeApplication().open(settings), (Handler) new FilesApplication().open(settings));
    }

    /** The page at {@code /}, files at every other path. */
    private record Both(Endpoint page, Handler files) implements Handler {

        @Override
        public Endpoint select(Request request) {
            return request.path().equals("/") ? page.select(request) : files;
        }

        @Override
        public Response handle(Request request) throws Exception {
            return files.handle(request);
        }
    }
}
