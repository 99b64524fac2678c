package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.examples.Upcalls.Event;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class UpcallsTest extends EachDriver {

    @Test
    void whatOthersSayComesUpOnTheOneThreadOfTheLoop() throws Exception {
        List<Event> events = Upcalls.run(story, driver);

        assertEquals(
                List.of(
                        "message: the rice is done",
                        "output: signalled",
                        "process: it has ended: exit status 0",
                        "signal: SIGUSR1",
                        "thread: a notification"),
                events.stream()
                        .map(event -> event.from() + ": " + event.what())
                        .sorted()
                        .toList());
        Set<Thread> threads = events.stream().map(Event::handledBy).collect(Collectors.toSet());
        assertEquals(1, threads.size(), threads.toString());
    }
}
