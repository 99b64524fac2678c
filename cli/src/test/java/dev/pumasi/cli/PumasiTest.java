package dev.pumasi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command says to good and bad command lines, and with which exit status. */
final class PumasiTest {

    private record Run(int status, String out, String err) {}

    private static Run pumasi(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Pumasi.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
        return new Run(status, out.toString(), err.toString());
    }

    private static void assertBriefError(Run run, int status, String... told) {
        assertEquals(status, run.status, run.toString());
        assertEquals("", run.out);
        for (String part : told) {
            assertTrue(run.err.contains(part), () -> "expected '" + part + "' in: " + run.err);
        }
        assertTrue(run.err.lines().count() <= 2, () -> "more than two lines: " + run.err);
        assertFalse(run.err.contains("Exception"), () -> "a class name leaked: " + run.err);
    }

    @Test
    void helpNamesEveryPublicCommand() {
        Run run = pumasi("--help");
        assertEquals(0, run.status);
        assertTrue(run.out.contains("serve"), run.out);
        assertTrue(run.out.contains("load"), run.out);
        assertTrue(run.out.contains("completion"), run.out);
        assertTrue(run.out.contains("threads"), run.out);
        assertFalse(run.out.contains("rehearse"), run.out);
    }

    @Test
    void helpOfServeNamesTheSettingsOfAnApplication() {
        Run run = pumasi("serve", "--app", "queue", "--help");
        assertEquals(0, run.status, run.err);
        assertTrue(run.out.contains("The application queue: the durable queue"), run.out);
        assertTrue(run.out.matches("(?s).*--set folder= +the queue's folder, which is made.*"), run.out);
        assertTrue(pumasi("serve", "--app", "hello", "--help").out.contains("It tells of no settings."));
        Run absent = pumasi("serve", "--app", "nothing", "--help");
        assertEquals(0, absent.status, absent.err);
        assertTrue(absent.out.contains("there is no application 'nothing'"), absent.out);
        assertTrue(absent.out.contains("--admin"), "the options are told all the same");
        assertFalse(pumasi("serve", "--help").out.contains("--set folder="));
    }

    @Test
    void helpOfServeNamesItsOptionsAndDefaults() {
        Run run = pumasi("serve", "--help");
        assertEquals(0, run.status);
        for (String part : new String[] {
            "DIR",
            "--host",
            "localhost",
            "--port",
            "8080",
            "--loops",
            "--driver",
            "auto",
            "--model",
            "green",
            "prethreaded",
            "--app",
            "hello",
            "--class-path",
            "--set",
            "--threads",
            "--connections",
            "50000",
            "--admin",
            "--admin-token-file",
            "--admin-name",
            "PUMASI_ADMIN_TOKEN"
        }) {
            assertTrue(run.out.contains(part), () -> "expected " + part + " in: " + run.out);
        }
    }

    @Test
    void versionNamesTheJdk() {
        Run run = pumasi("--version");
        assertEquals(0, run.status);
        assertTrue(run.out.startsWith("pumasi "), run.out);
        assertTrue(run.out.contains("JDK " + System.getProperty("java.vm.version")), run.out);
    }

    @Test
    void completionIsAScriptThatKnowsServe() {
        Run run = pumasi("completion");
        assertEquals(0, run.status);
        assertTrue(run.out.startsWith("#!/"), run.out);
        assertTrue(run.out.contains("complete -F _complete_pumasi"), run.out);
        assertTrue(run.out.contains("--driver"), run.out);
        for (String word : List.of("worker-pool", "iterative", "hello", "welcome")) {
            assertTrue(run.out.contains(word), () -> "expected " + word + " in: " + run.out);
        }
    }

    @Test
    void noCommandIsWrongUsage() {
        assertBriefError(pumasi(), Pumasi.EXIT_USAGE, "no command given", "--help");
    }

    @ParameterizedTest
    @ValueSource(strings = {"serv", "--prot"})
    void unknownWordIsWrongUsage(String word) {
        Run run = pumasi(word);
        assertEquals(Pumasi.EXIT_USAGE, run.status);
        assertTrue(run.err.contains(word), run.err);
    }

    @ParameterizedTest
    @CsvSource({
        "--port,70000",
        "--port,-1",
        "--port,http",
        "--loops,0",
        "--loops,100000",
        "--driver,kqueue",
        "--model,thread",
        "--connections,0",
        "--threads,3",
        "--class-path,a.jar",
        "--set,novalue",
        "--admin,http",
        "--admin,70000",
        "--admin,::1"
    })
    void valueOutOfRangeIsWrongUsage(String option, String value) {
        assertBriefError(pumasi("serve", option, value), Pumasi.EXIT_USAGE, value, "--help");
    }

    @Test
    void aModelThatDoesNotExistIsToldWithAllThatDo() {
        assertBriefError(
                pumasi("serve", "--model", "forked"),
                Pumasi.EXIT_USAGE,
                "no model 'forked'",
                "iterative, threaded, prethreaded, event-loop, worker-pool, green, preforked, forking");
    }

    @Test
    void aReloadOfWhatIsNoServerIsRefused() {
        String own = Long.toString(ProcessHandle.current().pid());
        assertBriefError(pumasi("reload", own), Pumasi.EXIT_CANNOT_RUN, own, "takes no reloads");
        assertBriefError(pumasi("reload", "2147483000"), Pumasi.EXIT_CANNOT_RUN, "there is no process 2147483000");
        assertBriefError(pumasi("reload", "--supervisor", own), Pumasi.EXIT_CANNOT_RUN, own, "takes no reloads");
        assertBriefError(pumasi("reload", "rice"), Pumasi.EXIT_USAGE, "rice", "--help");
    }

    @ParameterizedTest
    @CsvSource({
        "iterative,--threads,4",
        "iterative,--loops,4",
        "prethreaded,--loops,4",
        "prethreaded,--driver,epoll",
        "worker-pool,--loops,2",
        "green,--threads,4",
        "green,--workers,4",
        "green,--admin-token-file,token.txt",
        "green,--admin-name,ops.example",
        "iterative,--each,green",
        "worker-pool,--deaths,3",
        "forking,--each,green",
        "forking,--driver,epoll",
        "forking,--deaths,3",
        "forking,--loops,2",
        "forking,--admin,0",
        "preforked,--threads,4",
        "preforked,--workers,0",
        "preforked,--workers,1025",
        "preforked,--each,forking",
        "preforked,--driver,nio",
        "preforked,--driver,rice",
        "threaded,--threads,20001",
        "worker-pool,--threads,257"
    })
    void whatMeansNothingInAModelIsWrongUsage(String model, String option, String value) {
        assertBriefError(pumasi("serve", "--model", model, option, value), Pumasi.EXIT_USAGE, option, "--help");
    }

    @Test
    void anApplicationThatCannotBeHadIsNamed() {
        assertBriefError(
                pumasi("serve", "--app", "rice"),
                Pumasi.EXIT_CANNOT_RUN,
                "no application 'rice'",
                "choose files, hello, plaintext, queue, site, wait, welcome");
        assertBriefError(
                pumasi("serve", "--app", "wait", "--set", "millis=never"), Pumasi.EXIT_CANNOT_RUN, "wait", "millis");
        assertBriefError(
                pumasi("serve", "--app", "hello", "--class-path", "no/such.jar"),
                Pumasi.EXIT_CANNOT_RUN,
                "no/such.jar");
        assertBriefError(pumasi("serve", ".", "--app", "hello"), Pumasi.EXIT_USAGE, "both a folder and --app");
    }

    @Test
    void aMissingFolderIsNamed() {
        assertBriefError(pumasi("serve", "no/such/folder"), Pumasi.EXIT_CANNOT_RUN, "no/such/folder", "create it");
    }

    @Test
    void aFileIsReadAsAConfigurationAndItsMistakesAreTold(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("site.conf"), "http { server { listen 1 } }");
        Run run = pumasi("serve", file.toString());
        assertEquals(Pumasi.EXIT_CANNOT_RUN, run.status, run.err);
        assertTrue(run.err.contains("site.conf:1:25: error: a ';' is missing"), run.err);
    }

    @ParameterizedTest
    @ValueSource(strings = {"iterative", "threaded", "prethreaded", "event-loop", "worker-pool", "green"})
    void aPortInUseIsNamed(String model) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            Run run = pumasi("serve", "--host", "127.0.0.1", "--port", port, "--model", model);
            assertBriefError(run, Pumasi.EXIT_CANNOT_RUN, port, "--port");
        }
    }

    @Test
    void whatIsWrongWithTheLivePageIsNamed(@TempDir Path folder) throws IOException {
        assertBriefError(
                pumasi("serve", "--port", "0", "--admin", "0", "--admin-token-file", "no/such/file"),
                Pumasi.EXIT_CANNOT_RUN,
                "no/such/file",
                "cannot be read");
        Path brief = Files.writeString(folder.resolve("token"), "short\n");
        assertBriefError(
                pumasi("serve", "--port", "0", "--admin", "0", "--admin-token-file", brief.toString()),
                Pumasi.EXIT_USAGE,
                "16",
                "not 5");
        assertBriefError(
                pumasi("serve", "--port", "0", "--admin", "no.such.host.invalid:9090"),
                Pumasi.EXIT_CANNOT_RUN,
                "no.such.host.invalid",
                "--admin");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertBriefError(
                    pumasi("serve", "--port", "0", "--admin", Integer.toString(taken.getLocalPort())),
                    Pumasi.EXIT_CANNOT_RUN,
                    "in use",
                    "--admin");
        }
    }

    @Test
    void aHostThatDoesNotExistIsNamed() {
        assertBriefError(
                pumasi("serve", "--host", "no-such-host.invalid"), Pumasi.EXIT_CANNOT_RUN, "no-such-host.invalid");
    }

    @Test
    void theRehearsalServesItselfAndStops() {
        Run run = pumasi("rehearse");
        assertEquals(0, run.status, run.toString());
    }

    @Test
    void threadsOfAProcessThatDoesNotExistAreRefused() {
        assertBriefError(pumasi("threads", "2147483646"), Pumasi.EXIT_CANNOT_RUN, "no process 2147483646", "pgrep");
        assertBriefError(pumasi("threads", "rice"), Pumasi.EXIT_USAGE, "rice", "--help");
    }

    @Test
    void threadsOfAProcessThatIsNoServerAreRefused() {
        String own = Long.toString(ProcessHandle.current().pid());
        assertBriefError(pumasi("threads", own), Pumasi.EXIT_CANNOT_RUN, own, "no Pumasi server");
    }
}
