package dev.pumasi.services;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.services.Services.Act;
import dev.pumasi.services.Services.Extent;
import dev.pumasi.services.Services.Outcome;
import dev.pumasi.testkit.LeakWatch;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The whole story in short, with real processes and real kills. Times are looked at by people; what is counted here does not depend on them. */
@ExtendWith(LeakWatch.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class ServicesTest {

    /** With so much patience that nobody gives up because the machine is busy. */
    private static final Extent SHORT = new Extent(0.5, 30, Duration.ofSeconds(20));

    private static List<Customers.Seen> in(Outcome outcome, Act act) {
        return outcome.seen().stream().filter(one -> one.act() == act.ordinal()).toList();
    }

    @Test
    void calls_carry_a_failure_to_the_customer_and_a_queue_does_not(@TempDir Path folder) throws Exception {
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(told, true, StandardCharsets.UTF_8);
        Path json = folder.resolve("services.jsonl");
        Map<Way, Outcome> outcomes = Services.run(out, SHORT, folder, Optional.of(json));
        Report.print(out, outcomes);
        String text = told.toString(StandardCharsets.UTF_8);

        Outcome calls = Objects.requireNonNull(outcomes.get(Way.CALLS));
        assertTrue(in(calls, Act.WELL).stream().allMatch(Customers.Seen::isAccepted), text);
        for (Act killed : List.of(Act.MAIL_KILLED, Act.STOCK_KILLED)) {
            assertTrue(in(calls, killed).stream().noneMatch(Customers.Seen::isAccepted), text);
        }
        assertEquals(Set.of("mail", "stock", "orders"), Report.reached(calls, Act.MAIL_KILLED), text);
        assertEquals(Set.of("stock", "orders"), Report.reached(calls, Act.STOCK_KILLED), text);
        double slowLetterMillis = Services.SLOW_LETTER.toMillis();
        assertTrue(in(calls, Act.MAIL_SLOW).stream().anyMatch(one -> one.latencyMillis() >= slowLetterMillis), text);
        assertTrue(
                calls.packedForNobody().size() >= SHORT.customers(),
                "while mail is dead, stock packs for everybody who is refused: " + text);

        Outcome queue = Objects.requireNonNull(outcomes.get(Way.QUEUE));
        assertEquals(Act.values().length * SHORT.customers(), queue.seen().size());
        assertEquals(Set.of(), queue.ids(false), "nobody was refused: " + text);
        assertEquals(Set.of(), queue.lost(), "everybody got his letter: " + text);
        assertEquals(Set.of("mail"), Report.reached(queue, Act.MAIL_KILLED), text);
        assertEquals(queue.seen().size(), queue.letters().size(), "and only one: " + text);
        assertEquals(queue.seen().size(), queue.parcels().size(), text);

        List<String> lines = Files.readAllLines(json);
        long orders = lines.stream()
                .filter(line -> line.startsWith("{\"kind\":\"order\""))
                .count();
        assertEquals(calls.seen().size() + queue.seen().size(), orders, "a line for each order");
        assertTrue(
                lines.stream().anyMatch(line -> line.contains("\"said\":\"stock failed; mail did not answer\"")),
                "and what was said to who was refused");
        assertTrue(lines.getLast().startsWith("{\"kind\":\"end\",\"way\":\"queue\""), lines.getLast());
    }
}
