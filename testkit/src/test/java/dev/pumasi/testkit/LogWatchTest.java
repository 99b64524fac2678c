package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.System.Logger.Level;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The watch is watched from within: its verdict is asked for before it is due. */
final class LogWatchTest {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.testkit.LogWatchTest");

    @RegisterExtension
    final LogWatch outer = new LogWatch();

    @Test
    void an_unexpected_warning_is_a_failure_and_names_itself() {
        outer.allow("rice"); // for the watch that really judges this test
        LogWatch watch = new LogWatch();
        List<String> verdict = judge(watch, () -> LOG.log(Level.WARNING, "the rice burns"));
        assertEquals(List.of("logged unexpectedly: WARNING dev.pumasi.testkit.LogWatchTest: the rice burns"), verdict);
    }

    @Test
    void an_error_with_its_cause_is_a_failure() {
        outer.allow("rice");
        LogWatch watch = new LogWatch();
        List<String> verdict =
                judge(watch, () -> LOG.log(Level.ERROR, "the rice is gone", new IllegalStateException("eaten")));
        assertEquals(1, verdict.size());
        assertTrue(verdict.getFirst().endsWith("(java.lang.IllegalStateException: eaten)"), verdict.toString());
    }

    @Test
    void what_was_declared_is_none_and_what_is_less_than_a_warning_is_none() {
        outer.allow("soup"); // or else it would be printed
        LogWatch watch = new LogWatch();
        List<String> verdict = judge(watch, () -> {
            watch.expect("burns a little").allow("never said");
            LOG.log(Level.WARNING, "the rice {0} a little", "burns");
            LOG.log(Level.INFO, "soup is ready");
        });
        assertEquals(List.of(), verdict);
        assertTrue(watch.messages().toString().contains("INFO dev.pumasi.testkit.LogWatchTest: soup is ready"));
    }

    @Test
    void what_was_expected_and_not_said_is_a_failure() {
        LogWatch watch = new LogWatch();
        List<String> verdict = judge(watch, () -> watch.expect("spam"));
        assertEquals(List.of("did not log: spam"), verdict);
    }

    @Test
    void another_thread_is_heard_too(LogWatch watch) throws InterruptedException {
        assertSame(outer, watch);
        outer.expect("from afar");
        Thread thread = Thread.ofPlatform().start(() -> LOG.log(Level.ERROR, "from afar"));
        thread.join();
        assertTrue(outer.messages().stream().anyMatch(message -> message.endsWith("from afar")));
    }

    /** The inner watch listens instead of the outer one. */
    private static List<String> judge(LogWatch watch, Runnable body) {
        watch.begin();
        try {
            body.run();
            return watch.verdict();
        } finally {
            watch.end();
        }
    }
}
