package dev.pumasi.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the endpoint for a method and a path. Immutable once built, so one router may serve any number of loops.
 *
 * <p>A pattern is a path in which a whole segment may be a parameter: {@code /users/{id}/posts} takes one segment that is
 * not empty, and {@code /files/{path...}}, or {@code /files/*} without a name, the rest of the path, with slashes and
 * possibly empty. What is written out goes before a parameter, and a parameter before the rest, segment by segment from
 * the left; a route that does not have the method does not hide one that has.
 *
 * <p>Patterns are compared with the path's canonical form (RFC 3986 section 6.2.2): {@code /%7Eme} and {@code /a/../~me}
 * find {@code /~me}. An encoded slash separates nothing; parameters are decoded afterwards. A slash at the end counts.
 *
 * <p>HEAD is answered by GET's endpoint where it has none of its own, OPTIONS with the methods that there are. A path that
 * is found with other methods only is answered with 405 and Allow, one that is not found by {@link Builder#otherwise}, or
 * with 404. A path without parameters is resolved without allocation.
 */
public final class Router implements Handler {

    private static final String ANY = "";
    private static final Endpoint NOT_FOUND =
            new Fixed(Response.text("404 Not Found\n").withStatus(404));

    /** {@code OPTIONS *} asks the server as a whole; all it learns is that there is one (RFC 9110 section 9.3.7). */
    private static final Endpoint ASTERISK = new Fixed(Response.of(204));

    private final Node root;
    private final Endpoint otherwise;

    private Router(Node root, Endpoint otherwise) {
        this.root = root;
        this.otherwise = otherwise;
    }

    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Endpoint select(Request request) {
        RequestParser head = request.head();
        byte[] path = head.path();
        int length = head.pathLength();
        String method = head.method();
        Route route = path[0] == '/' ? root.match(path, 0, length, method, 0, request) : null;
        if (route != null) {
            return route.endpoint.select(request);
        }
        if (path[0] == '*') {
            return ASTERISK;
        }
        TreeSet<String> allowed = new TreeSet<>();
        root.collect(path, 0, length, allowed);
        if (allowed.isEmpty()) {
            return otherwise.select(request);
        }
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        allowed.add("OPTIONS");
        Response answer = method.equals("OPTIONS")
                ? Response.of(204)
                : Response.text("405 Method Not Allowed\n").withStatus(405);
        return new Fixed(answer.withHeader("Allow", String.join(", ", allowed)));
    }

    /**
     * For whoever calls a router as a plain handler, such as another handler around it; the server uses
     * {@link #select}. Fails with {@link IllegalStateException} if the route has an {@link AsyncHandler}.
     */
    @Override
    public Response handle(Request request) throws Exception {
        return switch (select(request)) {
            case Handler handler -> handler.handle(request);
            case AsyncHandler handler ->
                throw new IllegalStateException(
                        "the route of " + request + " has an AsyncHandler, which cannot be called in direct style");
        };
    }

    /** Always the same answer. */
    private record Fixed(Response response) implements Handler {

        @Override
        public Response handle(Request request) {
            return response;
        }

        @Override
        public boolean isNonBlocking() {
            return true;
        }
    }

    private record Route(String method, Endpoint endpoint, String[] names) {}

    /** A place in the tree of segments. Changed only while the router is built. */
    private static final class Node {
        private byte[][] segments = {};
        private Node[] children = {};
        private @Nullable Node parameter;
        private Route[] routes = {};
        private Route[] tails = {};

        /** The path from the slash at {@code from} on; at its end {@code from} is the length. */
        @Nullable
        Route match(byte[] path, int from, int length, String method, int parameters, Request request) {
            if (from == length) {
                return prepared(find(routes, method), request);
            }
            int start = from + 1;
            int end = start;
            while (end < length && path[end] != '/') {
                end++;
            }
            for (int i = 0; i < segments.length; i++) {
                if (Arrays.equals(segments[i], 0, segments[i].length, path, start, end)) {
                    Route found = children[i].match(path, end, length, method, parameters, request);
                    if (found != null) {
                        return found;
                    }
                    break;
                }
            }
            if (parameter != null && end > start) {
                Route found = parameter.match(path, end, length, method, parameters + 1, request);
                if (found != null) {
                    request.setPathParameter(parameters, CanonicalPath.segmentText(path, start, end - start));
                    return found;
                }
            }
            Route tail = prepared(find(tails, method), request);
            if (tail != null && tail.names.length > parameters) {
                request.setPathParameter(parameters, CanonicalPath.segmentText(path, start, length - start));
            }
            return tail;
        }

        private static @Nullable Route prepared(@Nullable Route route, Request request) {
            if (route != null && route.names.length > 0) {
                request.setPathParameters(route.names);
            }
            return route;
        }

        /** The methods with which the path would be found. */
        void collect(byte[] path, int from, int length, TreeSet<String> methods) {
            if (from == length || path[from] != '/') {
                add(routes, methods);
                return;
            }
            int start = from + 1;
            int end = start;
            while (end < length && path[end] != '/') {
                end++;
            }
            for (int i = 0; i < segments.length; i++) {
                if (Arrays.equals(segments[i], 0, segments[i].length, path, start, end)) {
                    children[i].collect(path, end, length, methods);
                }
            }
            if (parameter != null && end > start) {
                parameter.collect(path, end, length, methods);
            }
            add(tails, methods);
        }

        private static void add(Route[] routes, TreeSet<String> methods) {
            for (Route route : routes) {
                methods.add(route.method);
            }
        }

        private static @Nullable Route find(Route[] routes, String method) {
            Route substitute = null;
            for (Route route : routes) {
                if (route.method.equals(method)) {
                    return route;
                }
                boolean getForHead = route.method.equals("GET") && method.equals("HEAD");
                if (getForHead || route.method.equals(ANY) && substitute == null) {
                    substitute = route;
                }
            }
            return substitute;
        }

        Node child(byte[] segment) {
            for (int i = 0; i < segments.length; i++) {
                if (Arrays.equals(segments[i], segment)) {
                    return children[i];
                }
            }
            segments = Arrays.copyOf(segments, segments.length + 1);
            children = Arrays.copyOf(children, segments.length);
            segments[segments.length - 1] = segment;
            children[segments.length - 1] = new Node();
            return children[segments.length - 1];
        }

        Node parameter() {
            Node there = parameter;
            if (there == null) {
                there = new Node();
                parameter = there;
            }
            return there;
        }

        void add(Route route, boolean tail, String pattern) {
            Route[] there = tail ? tails : routes;
            for (Route other : there) {
                if (other.method.equals(route.method)) {
                    throw new IllegalArgumentException("there are two routes for "
                            + (route.method.equals(ANY) ? "any method" : route.method) + " " + pattern);
                }
            }
            Route[] more = Arrays.copyOf(there, there.length + 1);
            more[there.length] = route;
            if (tail) {
                tails = more;
            } else {
                routes = more;
            }
        }
    }

    /** Collects routes; their order makes no difference. Fails with {@link IllegalArgumentException} on a bad pattern. */
    public static final class Builder {
        private final Node root = new Node();
        private Endpoint otherwise = NOT_FOUND;

        private Builder() {}

        public Builder get(String pattern, Handler handler) {
            return route("GET", pattern, handler);
        }

        public Builder get(String pattern, AsyncHandler handler) {
            return route("GET", pattern, handler);
        }

        public Builder post(String pattern, Handler handler) {
            return route("POST", pattern, handler);
        }

        public Builder post(String pattern, AsyncHandler handler) {
            return route("POST", pattern, handler);
        }

        public Builder put(String pattern, Handler handler) {
            return route("PUT", pattern, handler);
        }

        public Builder put(String pattern, AsyncHandler handler) {
            return route("PUT", pattern, handler);
        }

        public Builder delete(String pattern, Handler handler) {
            return route("DELETE", pattern, handler);
        }

        public Builder delete(String pattern, AsyncHandler handler) {
            return route("DELETE", pattern, handler);
        }

        /** For all methods that the pattern has no route for. */
        public Builder any(String pattern, Endpoint endpoint) {
            return add(ANY, pattern, endpoint);
        }

        public Builder route(String method, String pattern, Endpoint endpoint) {
            if (!Octets.all(Octets.TOKEN, method)) {
                throw new IllegalArgumentException("not a method: " + method);
            }
            return add(method, pattern, endpoint);
        }

        /** Who answers when no pattern fits the path; else it is 404. */
        public Builder otherwise(Endpoint endpoint) {
            otherwise = Objects.requireNonNull(endpoint, "endpoint");
            return this;
        }

        private Builder add(String method, String pattern, Endpoint endpoint) {
            Objects.requireNonNull(endpoint, "endpoint");
            if (!pattern.startsWith("/")) {
                throw new IllegalArgumentException("the pattern " + pattern + " does not begin with a slash");
            }
            List<String> names = new ArrayList<>();
            String[] segments = pattern.substring(1).split("/", -1);
            Node node = root;
            for (int i = 0; i < segments.length; i++) {
                String segment = segments[i];
                boolean last = i == segments.length - 1;
                if (segment.equals("*") && last) {
                    node.add(new Route(method, endpoint, names.toArray(String[]::new)), true, pattern);
                    return this;
                }
                if (segment.startsWith("{") && segment.endsWith("...}")) {
                    if (!last) {
                        throw new IllegalArgumentException(
                                "in the pattern " + pattern + ", " + segment + " is not the last segment");
                    }
                    addName(names, segment.substring(1, segment.length() - 4), pattern);
                    node.add(new Route(method, endpoint, names.toArray(String[]::new)), true, pattern);
                    return this;
                }
                if (segment.startsWith("{") && segment.endsWith("}")) {
                    addName(names, segment.substring(1, segment.length() - 1), pattern);
                    node = node.parameter();
                } else if (segment.contains("{") || segment.contains("}") || segment.contains("*")) {
                    throw new IllegalArgumentException("in the pattern " + pattern + ", " + segment
                            + " is neither text nor a parameter; a parameter takes a whole segment");
                } else if (segment.equals(".") || segment.equals("..")) {
                    throw new IllegalArgumentException(
                            "the pattern " + pattern + " has a dot segment, which no path has");
                } else {
                    node = node.child(CanonicalPath.encode(segment));
                }
            }
            node.add(new Route(method, endpoint, names.toArray(String[]::new)), false, pattern);
            return this;
        }

        private static void addName(List<String> names, String name, String pattern) {
            if (name.isEmpty() || names.contains(name)) {
                throw new IllegalArgumentException("the pattern " + pattern
                        + (name.isEmpty() ? " has a parameter without a name" : " has two parameters " + name));
            }
            names.add(name);
        }

        /** The builder is not to be used afterwards. */
        public Router build() {
            return new Router(root, otherwise);
        }
    }
}
