package dev.pumasi.orders;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** A headless Chromium with one page, told what to do by its own protocol (Chrome DevTools Protocol 1.3). */
final class Browser implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicInteger asked = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private WebSocket page;

    private Browser(Process process) {
        this.process = process;
    }

    static boolean isInstalled() {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, "chromium")));
    }

    /** @param folder for its profile; empty */
    static Browser open(Path folder) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                        "chromium",
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + folder,
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile());
        builder.environment()
                .putAll(Map.of("HOME", folder.toString(), "TMPDIR", folder.toString())); // where it leaves things
        Browser browser = new Browser(builder.start());
        try {
            browser.attach(folder);
        } catch (Exception | Error refused) {
            browser.close();
            throw refused;
        }
        return browser;
    }

    private void attach(Path folder) throws Exception {
        Path port = folder.resolve("DevToolsActivePort");
        until("it listens", () -> Files.exists(port) && Files.readAllLines(port).size() >= 2);
        URI list = URI.create("http://127.0.0.1:" + Files.readAllLines(port).getFirst() + "/json/list");
        CompletableFuture<String> address = new CompletableFuture<>();
        until("it has a page", () -> {
            String said = client.send(
                            HttpRequest.newBuilder(list).build(),
                            HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
                    .body();
            Json.tree(said.getBytes(StandardCharsets.UTF_8))
                    .valueStream()
                    .filter(target -> target.path("type").asString("").equals("page"))
                    .findFirst()
                    .ifPresent(target ->
                            address.complete(target.get("webSocketDebuggerUrl").stringValue()));
            return address.isDone();
        });
        page = client.newWebSocketBuilder()
                .buildAsync(URI.create(address.get()), new Ears())
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        ask("Runtime.enable", Map.of());
        ask("Log.enable", Map.of());
        ask("Page.enable", Map.of());
    }

    void visit(URI address) throws Exception {
        ask("Page.navigate", Map.of("url", address.toString()));
    }

    /** What the expression is in the page, as text. */
    String evaluate(String expression) throws Exception {
        JsonNode result = ask(
                "Runtime.evaluate",
                Map.of("expression", "String(" + expression + ")", "returnByValue", true, "userGesture", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result);
        }
        return result.path("result").path("value").asString("");
    }

    /** Waits until the expression is true in the page. */
    void until(String expression) throws Exception {
        until(expression, () -> evaluate(expression).equals("true"));
    }

    /** Errors and warnings in the console, of whatever kind. */
    List<String> complaints() {
        return complaints;
    }

    private JsonNode ask(String method, Map<String, Object> parameters) throws Exception {
        int id = asked.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(id, answer);
        byte[] question = Json.bytes(Map.of("id", id, "method", method, "params", parameters));
        page.sendText(new String(question, StandardCharsets.UTF_8), true).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        JsonNode said = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (said.has("error")) {
            throw new IOException(method + ": " + said.get("error"));
        }
        return said.get("result");
    }

    /** What the page says. */
    private final class Ears implements WebSocket.Listener {

        private final StringBuilder heard = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            heard.append(part);
            if (last) {
                hear(Json.tree(heard.toString().getBytes(StandardCharsets.UTF_8)));
                heard.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private void hear(JsonNode message) {
            if (message.has("id")) {
                answers.remove(message.get("id").intValue()).complete(message);
                return;
            }
            JsonNode told = message.path("params");
            boolean wrong = switch (message.path("method").asString("")) {
                case "Runtime.exceptionThrown" -> true;
                case "Runtime.consoleAPICalled" ->
                    List.of("error", "warning", "assert")
                            .contains(told.path("type").asString(""));
                case "Log.entryAdded" ->
                    List.of("error", "warning")
                            .contains(told.path("entry").path("level").asString(""));
                default -> false;
            };
            if (wrong) {
                complaints.add(told.toString());
            }
        }
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds() throws Exception;
    }

    private void until(String what, Condition condition) throws Exception {
        long begin = System.nanoTime();
        while (!condition.holds()) {
            if (!process.isAlive() || System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                throw new AssertionError(
                        "the browser has ended, or it took too long until " + what + "; " + complaints);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Override
    public void close() throws Exception {
        if (page != null) {
            page.abort();
        }
        client.shutdownNow();
        client.close();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
    }
}
