package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Answers requests as a configuration says, in the order of nginx's phases: the server's rules; then, for as long as rules send
 * the request to another path, its location and that location's rules; who may ask; {@code try_files}; what answers. What is refused on the way
 * may get a page of its own ({@code error_page}), which is a visit to another path again. Last come the fields that are added,
 * and compression.
 *
 * <p>All of it was compiled when the file was read: here nothing is parsed but the request.
 */
final class SiteHandler implements Handler {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    /** How often a request may be sent to another path. */
    static final int CYCLES_MAX = 10;

    private final Addresses addresses;
    private final int ownCount;
    private final GzipOutput.Workers workers;

    SiteHandler(Addresses addresses, int ownCount, GzipOutput.Workers workers) {
        this.addresses = addresses;
        this.ownCount = ownCount;
        this.workers = workers;
    }

    @Override
    public Response handle(Request request) throws Exception {
        ServerNames names = addresses.of(request);
        String host = host(request.host());
        VirtualServer server = names.isSingle() ? names.otherwise() : names.choose(host);
        String path = request.path();
        Visit visit = new Visit(request, server, host, server.mergesSlashes() ? merged(path) : path, ownCount);
        try {
            for (Expression name : server.nameExpressions()) {
                if (name.find(visit, host)) {
                    break;
                }
            }
            return logged(visit, finished(visit, visit(visit)));
        } catch (Expression.TooManyStepsException slow) {
            LOG.log(System.Logger.Level.WARNING, "{0}: {1}", request.target(), slow.getMessage());
            return logged(visit, Redirects.page(500));
        } catch (Exception failure) {
            Logging.failed(visit.location().holds().logs(), visit);
            throw failure;
        }
    }

    /** Where the request has ended up says whether and where it is written down. */
    private static Response logged(Visit visit, Response response) {
        List<Logging> logs = visit.location().holds().logs();
        return logs.isEmpty() ? response : Logging.of(logs, visit, response);
    }

    /** Without the port, in lower case. */
    private static String host(String authority) {
        int end = authority.length();
        int colon = authority.lastIndexOf(':');
        if (colon >= 0 && authority.indexOf(']', colon) < 0) {
            end = colon;
        }
        if (end > 0 && authority.charAt(end - 1) == '.') {
            end--;
        }
        return authority.substring(0, end).toLowerCase(Locale.ROOT);
    }

    static String merged(String path) {
        if (path.indexOf("//") < 0) {
            return path;
        }
        StringBuilder made = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c != '/' || i == 0 || path.charAt(i - 1) != '/') {
                made.append(c);
            }
        }
        return made.toString();
    }

    // ------------------------------------------------------------------------------------------- the way

    private Response visit(Visit visit) throws Exception {
        Step step = switch (Rewrite.run(visit.server().rules(), visit)) {
            case Rewrite.Result.Stopped(Step stopped) -> stopped;
            case Rewrite.Result.Went _ -> Step.Again.NOW;
        };
        for (int cycles = 0; cycles <= CYCLES_MAX; cycles++) {
            switch (step) {
                case Step.Done(Response response) -> {
                    return response;
                }
                case Step.Refused refused -> {
                    if (visit.errorStatus() != 0
                            || !visit.location().holds().errorPages().containsKey(refused.status())) {
                        return page(visit, refused);
                    }
                    step = toErrorPage(visit, refused.status());
                }
                case Step.Again _ -> step = toLocation(visit);
                case Step.Named(Location location) -> {
                    visit.location(location);
                    visit.markInside();
                    step = within(visit);
                }
                case Step.GoOn _ -> step = Step.Refused.of(404);
            }
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "{0} is sent to another path more than {1} times, last to {2}",
                visit.request().target(),
                CYCLES_MAX,
                visit.uri());
        return Redirects.page(500);
    }

    private static Response page(Visit visit, Step.Refused refused) {
        int status = refused.status();
        if (status == Refusals.CLOSED) {
            return Redirects.page(400).withClose();
        }
        Response page = Redirects.page(status);
        return refused.field().isEmpty() ? page : page.withHeader(refused.field(), refused.value());
    }

    private static Step toErrorPage(Visit visit, int status) {
        Holds.ErrorPage page = visit.location().holds().errorPages().get(status);
        if (page == null) {
            return Step.Refused.of(status);
        }
        String target = page.target().of(visit);
        visit.errorStatus(page.status() < 0 ? status : page.status() == 0 ? Refusals.OWN : page.status());
        if (target.startsWith("@")) {
            Location named = visit.server().locations().named(target);
            return named == null ? Step.Refused.of(status) : new Step.Named(named);
        }
        if (target.startsWith("/")) {
            int mark = target.indexOf('?');
            visit.redirect(mark < 0 ? target : target.substring(0, mark), mark < 0 ? "" : target.substring(mark + 1));
            if (!visit.method().equals("HEAD")) {
                visit.method("GET");
            }
            return Step.Again.NOW;
        }
        int code = Redirects.isOne(page.status()) ? page.status() : 302;
        visit.errorStatus(0);
        return new Step.Done(Redirects.to(code, target));
    }

    private Step toLocation(Visit visit) throws Exception {
        return switch (visit.server().locations().find(visit)) {
            case Locations.Found.Here(Location location) -> {
                visit.location(location);
                yield location.internal() && !visit.isInside() ? Step.Refused.of(404) : within(visit);
            }
            case Locations.Found.AddSlash(Location location) -> {
                visit.location(location);
                String args = visit.args();
                yield new Step.Done(Redirects.to(
                        301, Redirects.escapedPath(visit.uri()) + "/" + (args.isEmpty() ? "" : "?" + args)));
            }
            case Locations.Found.None _ -> {
                visit.location(visit.server().outside());
                yield within(visit);
            }
        };
    }

    /** Everything that happens in a location. */
    private Step within(Visit visit) throws Exception {
        Location location = visit.location();
        Holds holds = location.holds();
        long most = holds.bodyBytesMax();
        if (most > 0 && visit.request().contentLength() > most) {
            return Step.Refused.of(413);
        }
        if (!location.rules().isEmpty()) {
            switch (Rewrite.run(location.rules(), visit)) {
                case Rewrite.Result.Stopped(Step stopped) -> {
                    return stopped;
                }
                case Rewrite.Result.Went(Rewrite.Outcome outcome) -> {
                    if (outcome == Rewrite.Outcome.CHANGED) {
                        return Step.Again.NOW;
                    }
                }
            }
        }
        Step refused = holds.access().isFree() ? Step.GO_ON : admitted(visit, holds.access());
        if (refused == Step.GO_ON && holds.exceptions().isPresent()) {
            Holds.Exceptions exceptions = holds.exceptions().get();
            if (!exceptions.methods().contains(visit.method())) {
                refused = admitted(visit, exceptions.access());
            }
        }
        if (refused != Step.GO_ON) {
            return refused;
        }
        Step tried = location.tries().isEmpty() ? Step.GO_ON : TryFiles.run(location.tries(), visit);
        return tried == Step.GO_ON ? location.content().answer(visit) : tried;
    }

    private static Step admitted(Visit visit, Access access) throws IOException {
        if (!access.admits(visit.request().remoteAddress())) {
            return Step.Refused.of(403);
        }
        return access.auth().isEmpty() ? Step.GO_ON : access.auth().get().check(visit);
    }

    // ------------------------------------------------------------------------------------------- the answer

    private Response finished(Visit visit, Response made) {
        Holds holds = visit.location().holds();
        Response response = made;
        int error = visit.errorStatus();
        if (error > 0 && response.status() == 200) {
            response = response.withStatus(error);
        }
        int status = response.status();
        visit.status(status);
        if (status == 101) {
            return response;
        }
        response = holds.charset().on(response);
        boolean decorated = Holds.isDecorated(status);
        if (decorated && holds.expires() != Expires.OFF) {
            response = holds.expires().on(response, System.currentTimeMillis());
        }
        List<Holds.Added> headers = holds.headers();
        for (int i = 0; i < headers.size(); i++) {
            Holds.Added added = headers.get(i);
            if (decorated || added.always()) {
                String value = added.value().of(visit).strip();
                if (!value.isEmpty()) {
                    response = with(response, added.name(), value);
                }
            }
        }
        if (holds.compression().on()) {
            response = holds.compression().on(visit.request(), response, workers);
        }
        return holds.closes() ? response.withClose() : response;
    }

    /** A value may hold what a client has sent: what cannot be sent back is left out. */
    private static Response with(Response response, String name, String value) {
        try {
            return response.withHeader(name, value);
        } catch (IllegalArgumentException unsendable) {
            return response;
        }
    }
}
