package dev.pumasi.web;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.Field;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * {@code proxy_pass}: what goes on to the servers behind this one is written anew by {@link Proxy}; here is said with which
 * path, host and fields.
 *
 * @param proxy who passes on
 * @param label as it is written
 * @param target host and port, for variables
 * @param replaced how many characters of the path {@code path} takes the place of; −1 to pass the path on as it is
 * @param path what the URI of {@code proxy_pass} begins with
 * @param whole the path and all behind it, if the URI has variables
 * @param key what the server is chosen by, if by a hash
 * @param fields what {@code proxy_set_header} sets, without Host
 * @param host the Host field
 * @param upgrades to which protocols a connection may be upgraded
 * @param hidden fields of the answer that are left out, in lower case
 * @param redirects beginnings of Location and what takes their place
 */
record ProxyContent(
        Proxy proxy,
        String label,
        ProxyTarget target,
        int replaced,
        String path,
        Optional<Template> whole,
        Template key,
        List<SetField> fields,
        Template host,
        Set<String> upgrades,
        Set<String> hidden,
        List<Moved> redirects)
        implements Content {

    /** {@code proxy_set_header}; an empty value leaves the field out. */
    record SetField(String name, Template value) {}

    /** {@code proxy_redirect} */
    record Moved(String from, Template to) {}

    private static final IntPredicate NEVER = _ -> false;

    @Override
    public Step answer(Visit visit) throws IOException {
        visit.proxied(target);
        Request request = visit.request();
        Holds holds = visit.location().holds();
        ClientRequest onward;
        try {
            onward = ClientRequest.of(
                            visit.method(),
                            proxy.upstream().servers().getFirst().origin(),
                            path(visit))
                    .withFields(fields(visit));
            String wanted = host.of(visit);
            if (!wanted.isEmpty()) {
                onward = onward.withHost(wanted);
            }
        } catch (IllegalArgumentException unsendable) {
            return Step.Refused.of(400);
        }
        IntPredicate intercepted = holds.interceptsErrors()
                ? status -> status >= 300 && holds.errorPages().containsKey(status)
                : NEVER;
        Proxy.Passed passed = proxy.pass(
                request,
                new Proxy.Onward(
                        onward,
                        key.of(visit),
                        holds.bodyBytesMax() == 0 ? Long.MAX_VALUE : holds.bodyBytesMax(),
                        upgrades,
                        intercepted,
                        answered -> answered(answered, visit),
                        visit.asking()));
        Response response = passed.response();
        if (!passed.ours()) {
            return new Step.Done(response);
        }
        return response.header("Retry-After").isPresent()
                ? new Step.Refused(response.status(), "Retry-After", "1")
                : Step.Refused.of(response.status());
    }

    private String path(Visit visit) {
        if (whole.isPresent()) {
            String made = Redirects.escaped(whole.get().of(visit));
            return made.startsWith("/") ? made : "/" + made;
        }
        Request request = visit.request();
        String query = visit.args().isEmpty() ? "" : "?" + visit.args();
        if (replaced < 0) {
            return (visit.isRewritten() ? Redirects.escapedPath(visit.uri()) : request.canonicalPath()) + query;
        }
        String rest = visit.uri().length() > replaced ? visit.uri().substring(replaced) : "";
        return path + Redirects.escapedPath(rest) + query;
    }

    private List<Field> fields(Visit visit) {
        List<Field> made = new ArrayList<>();
        for (Field field : Forwarding.ofRequest(visit.request(), false)) {
            if (fields.stream().noneMatch(set -> set.name.equalsIgnoreCase(field.name()))) {
                made.add(field);
            }
        }
        for (SetField set : fields) {
            String value = set.value.of(visit).strip();
            if (!value.isEmpty()) {
                made.add(new Field(set.name, value));
            }
        }
        return made;
    }

    private List<Field> answered(List<Field> answered, Visit visit) {
        if (hidden.isEmpty() && redirects.isEmpty()) {
            return answered;
        }
        List<Field> made = new ArrayList<>(answered.size());
        for (Field field : answered) {
            String name = field.name();
            if (hidden.stream().anyMatch(name::equalsIgnoreCase)) {
                continue;
            }
            made.add(name.equalsIgnoreCase("Location") ? new Field(name, moved(field.value(), visit)) : field);
        }
        return made;
    }

    private String moved(String location, Visit visit) {
        for (Moved each : redirects) {
            if (location.startsWith(each.from)) {
                return each.to.of(visit) + location.substring(each.from.length());
            }
        }
        return location;
    }

    @Override
    public String words() {
        return "proxy to " + label;
    }
}
