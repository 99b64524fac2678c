package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.AsyncHandler;
import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;
import dev.pumasi.http.Response;
import dev.pumasi.http.Server;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How an application is found by its name, in this program, in folders and in jars; and what is said of one that cannot be had. */
@ExtendWith({LeakWatch.class, LogWatch.class})
final class ApplicationChoiceTest {

    @TempDir
    Path folder;

    private static final List<String> LIFE = new ArrayList<>();

    public static final class Recorded implements Application {

        @Override
        public String name() {
            return "recorded";
        }

        @Override
        public Endpoint open(Settings settings) {
            LIFE.add("opened with " + settings.text("greeting", "nothing"));
            return (Handler) _ -> Response.ok();
        }

        @Override
        public void close() {
            LIFE.add("closed");
        }
    }

    public static final class PlainHandler implements Handler {
        @Override
        public Response handle(Request request) {
            return Response.text("plain");
        }
    }

    public static final class PlainAsync implements AsyncHandler {
        @Override
        public void handle(Request request, Responder responder) {
            responder.respond(Response.text("async"));
        }
    }

    public static final class NoEndpoint {}

    public static final class NeedsSomething implements Handler {
        public NeedsSomething(String what) {
            LIFE.add(what);
        }

        @Override
        public Response handle(Request request) {
            return Response.ok();
        }
    }

    public static final class ThrowsAtOnce implements Handler {
        public ThrowsAtOnce() {
            throw new IllegalStateException("no rice today");
        }

        @Override
        public Response handle(Request request) {
            return Response.ok();
        }
    }

    public abstract static class Unfinished implements Handler {}

    static final class Hidden implements Handler {
        @Override
        public Response handle(Request request) {
            return Response.ok();
        }
    }

    public static final class Refuses implements Application {
        @Override
        public String name() {
            return "refuses";
        }

        @Override
        public Endpoint open(Settings settings) throws IOException {
            throw new IOException("the database is down");
        }

        @Override
        public void close() {
            LIFE.add("closed what was not open");
        }
    }

    private static String refusal(ApplicationChoice choice) {
        ApplicationException refused = assertThrows(ApplicationException.class, choice::open);
        return String.valueOf(refused.getMessage());
    }

    private static String refusal(Class<?> type) {
        return refusal(ApplicationChoice.of(type.getName()));
    }

    private static String answer(Endpoint endpoint, Model model) throws Exception {
        try (Server server =
                        ServerBuilder.of(endpoint).model(model).port(0).loops(1).start();
                HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://localhost:" + server.port() + "/");
            return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                    .body();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "plaintext", "wait"})
    void thoseThatComeWithItAreThere(String name) throws Exception {
        try (OpenApplication application = ApplicationChoice.of(name).open()) {
            assertEquals(name, application.name());
            assertFalse(application.description().isEmpty());
            assertTrue(answer(application.endpoint(), Model.GREEN)
                    .startsWith(name.equals("wait") ? "waited 10 ms" : "Hello"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneThatWaitsDoesSoUnderEveryModel(Model model, LogWatch log) throws Exception {
        log.allow("has not turned|turns again"); // on its loop's own thread, where a slow machine may stop it for long
        ApplicationChoice choice = new ApplicationChoice("wait", List.of(), Map.of("millis", "3"));
        try (OpenApplication application = choice.open()) {
            assertEquals("waited 3 ms\n", answer(application.endpoint(), model));
        }
    }

    @Test
    void aClassIsFoundByItsName() throws Exception {
        try (OpenApplication application =
                ApplicationChoice.of(PlainHandler.class.getName()).open()) {
            assertEquals("plain", answer(application.endpoint(), Model.THREADED));
        }
        try (OpenApplication application =
                ApplicationChoice.of(PlainAsync.class.getName()).open()) {
            assertEquals("async", answer(application.endpoint(), Model.GREEN));
        }
    }

    @Test
    void itIsOpenedWithItsSettingsAndClosedOnce() throws Exception {
        LIFE.clear();
        ApplicationChoice choice =
                new ApplicationChoice(Recorded.class.getName(), List.of(), Map.of("greeting", "annyeong"));
        choice.open().close();
        assertEquals(List.of("opened with annyeong", "closed"), LIFE);
    }

    @Test
    void aSettingThatItDoesNotHaveIsTold() {
        LIFE.clear();
        ApplicationChoice choice = new ApplicationChoice(Recorded.class.getName(), List.of(), Map.of("greating", "x"));
        String message = refusal(choice);
        assertTrue(message.contains("no setting 'greating'; it has greeting"), message);
        assertEquals(List.of("opened with nothing", "closed"), LIFE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "60001", "ten", ""})
    void aSettingOutOfRangeIsTold(String millis) {
        String message = refusal(new ApplicationChoice("wait", List.of(), Map.of("millis", millis)));
        assertTrue(message.contains("wait does not start: millis is "), message);
        assertFalse(message.contains("Exception"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rice", "", "no.such.Type", "Hello", "../hello"})
    void anUnknownNameIsToldWithAllThatThereAre(String name) {
        String message = refusal(ApplicationChoice.of(name));
        assertTrue(message.contains("no application '" + name + "'"), message);
        assertTrue(message.contains("choose hello, plaintext, wait"), message);
    }

    @Test
    void aClassThatCannotBeServedIsToldWhy() {
        LIFE.clear();
        assertTrue(refusal(NoEndpoint.class).contains("neither an Application nor a Handler"));
        assertTrue(refusal(NeedsSomething.class).contains("no public constructor without parameters"));
        assertTrue(refusal(ThrowsAtOnce.class).contains("threw IllegalStateException: no rice today"));
        assertTrue(refusal(Unfinished.class).contains("is abstract"));
        assertTrue(refusal(Hidden.class).contains("is not public"));
        assertTrue(refusal(Refuses.class).contains("does not start: IOException: the database is down"));
        assertEquals(List.of(), LIFE, "what did not open is not closed");
    }

    @Test
    void aFileThatIsMissingOrBrokenIsNamed() throws IOException {
        Path absent = folder.resolve("absent.jar");
        assertTrue(refusal(new ApplicationChoice("hello", List.of(absent), Map.of()))
                .contains("no " + absent));
        Path broken = Files.write(folder.resolve("broken.jar"), new byte[] {'P', 'K', 3, 4, 0, 0});
        String message = refusal(new ApplicationChoice("hello", List.of(broken), Map.of()));
        assertTrue(message.contains("broken.jar is no jar that could be read"), message);
    }

    @Test
    void aClassOfALaterJavaOrWithPartsMissingIsToldSo() throws IOException {
        compile(folder, "lab.Later", handler("Later", "\"x\""));
        Path file = folder.resolve("lab/Later.class");
        byte[] bytes = Files.readAllBytes(file);
        bytes[7] = (byte) 200; // the class file's major version
        Files.write(file, bytes);
        String message = refusal(new ApplicationChoice("lab.Later", List.of(folder), Map.of()));
        assertTrue(message.contains("lab.Later cannot be loaded: UnsupportedClassVersionError"), message);

        compile(folder, "lab.Part", "package lab; public class Part {}");
        compile(
                folder,
                "lab.Whole",
                handler("Whole", "new Part().toString()").replace("{ return", "{ new Part(); return"));
        Files.delete(folder.resolve("lab/Part.class"));
        ApplicationChoice partial = new ApplicationChoice("lab.Whole", List.of(folder), Map.of());
        assertTrue(refusal(partial).contains("threw NoClassDefFoundError: lab/Part"), refusal(partial));
    }

    @Test
    void aJarIsFoundByTheNameOfItsServiceAndAnewAfterItWasExchanged() throws Exception {
        Path jar = folder.resolve("shop.jar");
        ApplicationChoice choice = new ApplicationChoice("shop", List.of(jar), Map.of());
        pack(jar, "one");
        try (OpenApplication one = choice.open()) {
            assertEquals("one", answer(one.endpoint(), Model.GREEN));
            Path next = folder.resolve("next.jar");
            pack(next, "two");
            Files.move(next, jar, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            try (OpenApplication two = choice.open()) {
                assertEquals("two", answer(two.endpoint(), Model.GREEN));
                assertEquals("one", answer(one.endpoint(), Model.GREEN));
            }
        }
        String message = refusal(new ApplicationChoice("shops", List.of(jar), Map.of()));
        assertTrue(message.contains("hello, plaintext, shop, wait"), message);
    }

    @Test
    void anEntryThatIsBrokenDoesNotHideTheOthers() throws Exception {
        Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(
                folder.resolve("META-INF/services/dev.pumasi.server.Application"),
                "no.such.Type\n" + Recorded.class.getName() + "\n");
        new ApplicationChoice("recorded", List.of(folder), Map.of()).open().close();
        String message = refusal(new ApplicationChoice("absent", List.of(folder), Map.of()));
        assertTrue(message.contains("choose hello, plaintext, recorded, wait"), message);
        assertTrue(message.contains("Not to be had: ") && message.contains("no.such.Type"), message);
    }

    private static String handler(String name, String text) {
        return "package lab; import dev.pumasi.http.*; public class " + name + " implements Handler {"
                + " public " + name + "() { " + (text.startsWith("new ") ? text + ";" : "") + " }"
                + " public Response handle(Request request) { return Response.text(" + text + "); } }";
    }

    private void pack(Path jar, String text) throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes-" + text));
        compile(classes, "lab.Shop", """
                package lab;
                import dev.pumasi.http.*;
                import dev.pumasi.server.*;
                public class Shop implements Application {
                    public String name() { return "shop"; }
                    public Endpoint open(Settings settings) { return (Handler) request -> Response.text("%s"); }
                }
                """.formatted(text));
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("lab/Shop.class"));
            out.write(Files.readAllBytes(classes.resolve("lab/Shop.class")));
            out.putNextEntry(new JarEntry("META-INF/services/dev.pumasi.server.Application"));
            out.write("lab.Shop\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
    }

    private void compile(Path into, String name, String source) throws IOException {
        Path file = folder.resolve(name.substring(name.lastIndexOf('.') + 1) + ".java");
        Files.writeString(file, source);
        String[] arguments = {
            "-d",
            into.toString(),
            "-cp",
            System.getProperty("java.class.path") + ":" + into,
            "-proc:none",
            file.toString()
        };
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments);
        assertEquals(0, status, Arrays.toString(arguments));
    }
}
