package dev.pumasi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code pumasi lab} says to what cannot be. What it measures is seen in {@code it}, with the real command. */
final class LabCommandTest {

    private static final String HOME = "pumasi.home";

    private record Run(int status, String err) {}

    @BeforeEach
    void inACheckout() {
        System.setProperty(HOME, "nowhere");
    }

    @AfterEach
    void elsewhere() {
        System.clearProperty(HOME);
    }

    private static Run lab(String... args) {
        StringWriter err = new StringWriter();
        String[] all = new String[args.length + 1];
        all[0] = "lab";
        System.arraycopy(args, 0, all, 1, args.length);
        int status = Pumasi.commandLine()
                .setOut(new PrintWriter(new StringWriter(), true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
        return new Run(status, err.toString());
    }

    private static void assertTold(Run run, int status, String part) {
        assertEquals(status, run.status, run.err);
        assertTrue(run.err.contains(part), () -> "expected '" + part + "' in: " + run.err);
        assertFalse(run.err.contains("Exception"), () -> "a class name leaked: " + run.err);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--only=modles|there is no scenario 'modles'; choose among kitchen, io-matrix, models",
                "--budget=0|--budget is 0 s, and must be from 1 to 86400",
                "--quick --trial|--quick and --trial are two of them; one is enough",
                "--path=here|--path 'here' does not begin with /",
                "--set=a=b|belong to an application; name it with --app"
            })
    void wrongOptionsAreNamed(String option, String part) {
        assertTold(lab(option.split(" ")), Pumasi.EXIT_USAGE, part);
    }

    @Test
    void aFolderThatExistsIsLeftAlone(@TempDir Path folder) {
        assertTold(
                lab("--out", folder.toString()),
                Pumasi.EXIT_CANNOT_RUN,
                "exists already, and reports are never overwritten; name another folder with --out.");
    }

    @Test
    void withoutACheckoutItSaysWhereItIsToBeStarted() {
        System.clearProperty(HOME);
        assertTold(lab(), Pumasi.EXIT_CANNOT_RUN, "start it there, as ./pumasi lab");
    }

    @Test
    void whereNothingCanBeStartedThereIsNoReport(@TempDir Path folder) {
        assertTold(
                lab("--only", "models", "--out", folder.resolve("report").toString()),
                Pumasi.EXIT_CANNOT_RUN,
                "nothing was measured, so there is no report.");
        assertFalse(Files.exists(folder.resolve("report")), "an empty folder was left");
    }
}
