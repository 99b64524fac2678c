package dev.pumasi.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real browser without a window, and with one page, driven by the DevTools protocol (chromedevtools.github.io/devtools-protocol). Where
 * there is none, whoever runs the tests says so: {@code -Dpumasi.browser.absent=true}. Whoever uses it has Jackson on the class path.
 *
 * <p>All methods block, for a minute at most. One thread uses it.
 */
public final class Browser implements AutoCloseable {

    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
    private static final long PATIENCE_SECONDS = 60;
    private static final String PICTURES = System.getProperty("pumasi.pictures", "");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Process process;
    private final Path folder;
    private final HttpClient client = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final AtomicInteger numbers = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();

    /** What the page complained of: exceptions, and lines of its console that are no plain talk. */
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    /** Whether whoever runs the tests has said that there is none here. */
    public static boolean isDeclaredAbsent() {
        return Boolean.getBoolean("pumasi.browser.absent");
    }

    private static Path program() throws IOException {
        for (String folder : System.getenv("PATH").split(":")) {
            for (String name : NAMES) {
                if (Files.isExecutable(Path.of(folder, name))) {
                    return Path.of(folder, name);
                }
            }
        }
        throw new IOException("no browser is here; install Debian's chromium, or say so: -Dpumasi.browser.absent=true");
    }

    /** Starts one, with a profile of its own. */
    public Browser() throws Exception {
        folder = Files.createTempDirectory("pumasi-browser");
        process = new ProcessBuilder(
                        program().toString(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--lang=en",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + folder,
                        "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        CompletableFuture<String> address = new CompletableFuture<>();
        Thread reader = Thread.ofPlatform().daemon().name("browser-says").start(() -> read(address));
        String browser = address.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        reader.setName("browser-says");
        String list = URI.create(browser.replace("ws://", "http://"))
                .resolve("/json/list")
                .toString();
        JsonNode pages = null;
        while (pages == null || pages.isEmpty()) {
            pages = JSON.readTree(
                    client.send(HttpRequest.newBuilder(URI.create(list)).build(), HttpResponse.BodyHandlers.ofString())
                            .body());
        }
        String page = pages.get(0).get("webSocketDebuggerUrl").stringValue();
        socket = client.newWebSocketBuilder()
                .buildAsync(URI.create(page), new Listening())
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        call("Page.enable", Map.of());
        call("Runtime.enable", Map.of());
        call("Log.enable", Map.of());
        call("Network.enable", Map.of());
    }

    private void read(CompletableFuture<String> address) {
        try (BufferedReader lines = process.errorReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("DevTools listening on ")) {
                    address.complete(
                            line.substring("DevTools listening on ".length()).strip());
                }
            }
            address.completeExceptionally(new IOException("the browser ended before it listened"));
        } catch (IOException | UncheckedIOException gone) {
            address.completeExceptionally(gone);
        }
    }

    /** One call of the protocol. */
    public JsonNode call(String method, Map<String, ?> parameters) throws Exception {
        int number = numbers.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(number, answer);
        socket.sendText(JSON.writeValueAsString(Map.of("id", number, "method", method, "params", parameters)), true)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        JsonNode said = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (said.has("error")) {
            throw new IOException(method + ": " + said.get("error"));
        }
        return said.get("result");
    }

    /** Goes to that page, and does not wait for it. */
    public void go(String url) throws Exception {
        call("Page.navigate", Map.of("url", url));
    }

    /** How large the page is; narrower than 500 it is a phone's. */
    public void size(int width, int height) throws Exception {
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
    }

    /** The value of an expression, of the kind it has. */
    public JsonNode eval(String expression) throws Exception {
        JsonNode result = call(
                "Runtime.evaluate",
                Map.of("expression", expression, "returnByValue", true, "awaitPromise", true, "userGesture", true));
        if (result.has("exceptionDetails")) {
            throw new IOException(expression + ": " + result.get("exceptionDetails"));
        }
        JsonNode value = result.get("result").get("value");
        return value == null ? JSON.nullNode() : value;
    }

    /** What stands in the first element of that selector; empty if there is none. */
    public String text(String selector) throws Exception {
        return eval("document.querySelector(" + JSON.writeValueAsString(selector) + ")?.textContent ?? ''")
                .stringValue();
    }

    /** Waits until an expression is true. */
    public void await(String what, String expression) throws Exception {
        Eventually.is(
                what + " (" + expression + ")",
                () -> eval("Boolean(" + expression + ")").booleanValue());
    }

    /** Clicks on the first element of that selector, visible or not. */
    public void click(String selector) throws Exception {
        eval("document.querySelector(" + JSON.writeValueAsString(selector) + ").click()");
    }

    /** Presses a key as a person does. */
    public void press(String key) throws Exception {
        int code = switch (key) {
            case "Tab" -> 9;
            case "Enter" -> 13;
            case "Escape" -> 27;
            case "ArrowLeft" -> 37;
            case "ArrowRight" -> 39;
            default -> 0;
        };
        for (String type : List.of("rawKeyDown", "char", "keyUp")) {
            if (!type.equals("char") || key.equals("Enter")) {
                call(
                        "Input.dispatchKeyEvent",
                        key.equals("Enter") && type.equals("char")
                                ? Map.of("type", type, "key", key, "text", "\r", "windowsVirtualKeyCode", code)
                                : Map.of("type", type, "key", key, "code", key, "windowsVirtualKeyCode", code));
            }
        }
    }

    /** Types into what has the focus. */
    public void type(String text) throws Exception {
        call("Input.insertText", Map.of("text", text));
    }

    /** Whether somebody wants pictures: {@code -Dpumasi.pictures=FOLDER}. */
    public static boolean takesPictures() {
        return !PICTURES.isEmpty();
    }

    /** Leaves a picture of that name, if somebody wants them. */
    public void picture(String name) throws Exception {
        if (!takesPictures()) {
            return;
        }
        Path file = Path.of(PICTURES, name + ".png");
        Files.createDirectories(file.getParent());
        String png = call("Page.captureScreenshot", Map.of("format", "png"))
                .get("data")
                .stringValue();
        Files.write(file, Base64.getDecoder().decode(png));
    }

    /** Exceptions of the page's, and errors and warnings in its console. */
    public List<String> complaints() {
        return new ArrayList<>(complaints);
    }

    /** Forgets them. */
    public void forgive() {
        complaints.clear();
    }

    @Override
    public void close() throws Exception {
        socket.abort();
        client.shutdownNow();
        client.awaitTermination(Duration.ofSeconds(PATIENCE_SECONDS));
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle one : all) {
            one.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        process.waitFor();
        Eventually.is("the browser's folder to go", () -> {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (UncheckedIOException | IOException stillWritten) {
                return false;
            }
            return !Files.exists(folder);
        });
    }

    private final class Listening implements WebSocket.Listener {

        private final StringBuilder part = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            part.append(data);
            if (last) {
                JsonNode message = JSON.readTree(part.toString());
                part.setLength(0);
                if (message.has("id")) {
                    CompletableFuture<JsonNode> answer =
                            answers.remove(message.get("id").intValue());
                    if (answer != null) {
                        answer.complete(message);
                    }
                } else {
                    listen(message.get("method").stringValue(), message.get("params"));
                }
            }
            from.request(1);
            return null;
        }

        private void listen(String method, JsonNode said) {
            switch (method) {
                case "Runtime.exceptionThrown" -> complaints.add("exception: " + said);
                case "Runtime.consoleAPICalled" -> {
                    if (List.of("error", "warning", "assert")
                            .contains(said.get("type").stringValue())) {
                        complaints.add("console: " + said);
                    }
                }
                case "Log.entryAdded" -> {
                    String level = said.get("entry").get("level").stringValue();
                    if (level.equals("error") || level.equals("warning")) {
                        complaints.add("log: " + said.get("entry"));
                    }
                }
                default -> {}
            }
        }
    }
}
