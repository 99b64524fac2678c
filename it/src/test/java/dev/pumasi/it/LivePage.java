package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The live page of a server that was started with {@code --admin}, and what its button wants to see. */
record LivePage(URI uri, String token) {

    private static final Pattern TOLD = Pattern.compile("Live page on (http://\\S+/)#token=(\\S+)");

    /** The page that the next line of the server's output tells of. */
    static LivePage of(Launched server) throws IOException {
        Matcher told = TOLD.matcher(server.line());
        assertTrue(told.matches(), () -> "expected where the live page is, not: " + told);
        return new LivePage(URI.create(told.group(1)), told.group(2));
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri.resolve(path)).GET());
    }

    HttpResponse<String> press(String button) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri.resolve("actions/" + button))
                .header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.noBody()));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
