package dev.pumasi.web;

import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.FileAttributes;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code fastcgi_pass}: an application answers, and is told what {@code fastcgi_param} says, with the request's fields as {@code HTTP_…}.
 *
 * <p><b>A script that is not there is not asked for</b>, where that can be seen: if the application is on this machine and {@code SCRIPT_FILENAME}
 * lies in the folder of the location and ends with {@code .php}. PHP would take the part of such a path that is there and run it,
 * whatever it is, unless its own settings forbid that; a picture that somebody has uploaded is no program.
 *
 * @param group who is asked
 * @param label as it is written
 * @param key what the server is chosen by, if by a hash
 * @param parameters what {@code fastcgi_param} says
 * @param index what a path that ends with a slash means; empty for nothing
 * @param split what of a path is the script and what comes behind it
 * @param hidden fields of the answer that are left out, in lower case
 * @param folder where scripts are looked for before they are asked for
 * @param isIntercepting whether {@code error_page} holds for what scripts answer
 * @param isPrivate whether this location asks for a password itself; else the application gets what the client says
 * @param lengths which bodies may come without a length
 */
record FastCgiContent(
        FastCgiGroup group,
        String label,
        Template key,
        List<Parameter> parameters,
        String index,
        Optional<Expression> split,
        Set<String> hidden,
        Optional<Path> folder,
        boolean isIntercepting,
        boolean isPrivate,
        BodyLengths lengths)
        implements Content {

    /** {@code fastcgi_param} */
    record Parameter(String name, Template value, boolean ifNotEmpty) {}

    private static final String SCRIPT_FILE = "SCRIPT_FILENAME";

    private static final String ENDING = ".php";

    @Override
    public Step answer(Visit visit) throws Exception {
        Request request = visit.request();
        if (!visit.method().equals(request.method())) {
            request = request.redirectedTo(Redirects.escapedPath(visit.uri())); // a page about an error has no body
        } else if (lengths.mustBeSaid(visit)) {
            return Step.Refused.of(411);
        }
        Map<String, String> variables = variables(visit);
        String script = variables.getOrDefault(SCRIPT_FILE, "");
        if (folder.isPresent() && script.endsWith(ENDING)) {
            int refused = look(request.loop(), folderOf(script, visit), script);
            if (refused != 0) {
                return Step.Refused.of(refused);
            }
        }
        Asked asked = group.ask(
                request,
                key.of(visit),
                length -> {
                    if (length > 0) {
                        variables.put("CONTENT_LENGTH", Long.toString(length));
                    }
                    return variables;
                },
                "FastCGI " + (script.isEmpty() ? label : script),
                visit.asking());
        Response response = asked.response();
        for (String name : hidden) {
            response = response.withoutHeader(name);
        }
        return new Asked(response, asked.isThere(), asked.isOurs()).step(visit, isIntercepting);
    }

    /** The folder of the location as the parameters call it: {@code $realpath_root} is another name of it. */
    private Path folderOf(String script, Visit visit) {
        Path named = folder.orElseThrow();
        String real =
                script.startsWith(named + "/") ? "" : visit.location().files().realRoot(visit);
        return real.isEmpty() ? named : Path.of(real);
    }

    private Map<String, String> variables(Visit visit) {
        Map<String, String> variables = new HashMap<>();
        CgiVariables.fields(visit.request(), variables);
        String authorization = visit.request().header("Authorization", "");
        if (!isPrivate && !authorization.isEmpty()) {
            variables.put("HTTP_AUTHORIZATION", CgiVariables.text(authorization));
        }
        for (Parameter parameter : parameters) {
            String value = parameter.value.of(visit);
            if (!value.isEmpty() || !parameter.ifNotEmpty) {
                variables.put(parameter.name, value);
            }
        }
        return variables;
    }

    /** Whether the script is there: 0, or what to answer. One that lies elsewhere is not looked for. */
    private static int look(Loop loop, Path folder, String script) throws IOException {
        Path file;
        try {
            file = Path.of(script).normalize();
        } catch (InvalidPathException unnameable) {
            return 404;
        }
        if (!file.startsWith(folder) || file.equals(folder)) {
            return 0;
        }
        try (AsyncFolder opened = loop.files().openFolder(folder);
                AsyncFile found = opened.openBeneath(folder.relativize(file), AsyncFile.Option.READ)) {
            return found.status().kind() == FileAttributes.Kind.FILE ? 0 : 404;
        } catch (OperationException refused) {
            return switch (refused.failure()) {
                case NOT_FOUND, NOT_A_FOLDER, IS_A_FOLDER, NAME_TOO_LONG -> 404;
                case OUTSIDE, TOO_MANY_LINKS -> 403;
                case PERMISSION_DENIED -> 0; // the application may be another user
                case REJECTED, TOO_MANY_DESCRIPTORS -> 503;
                default -> throw refused;
            };
        }
    }

    // ------------------------------------------------------------------------------------------- variables

    private String[] parts(String uri) {
        String script = uri;
        String info = "";
        if (split.isPresent()) {
            String[] captures = split.get().captures(uri);
            if (captures.length > 2) {
                script = captures[1];
                info = captures[2];
            }
        }
        return new String[] {script.endsWith("/") ? script + index : script, info};
    }

    /** {@code $fastcgi_script_name} */
    static String scriptName(Visit visit) {
        return visit.location().content() instanceof FastCgiContent content
                ? content.parts(visit.uri())[0]
                : visit.uri();
    }

    /** {@code $fastcgi_path_info} */
    static String pathInfo(Visit visit) {
        return visit.location().content() instanceof FastCgiContent content ? content.parts(visit.uri())[1] : "";
    }

    @Override
    public String words() {
        return "FastCGI at " + label.toLowerCase(Locale.ROOT) + ", " + parameters.size() + " parameters";
    }
}
