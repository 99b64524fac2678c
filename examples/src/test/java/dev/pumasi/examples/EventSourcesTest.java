package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.pumasi.examples.EventSources.Event;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class EventSourcesTest extends EachDriver {

    @Test
    void everySourceReachesItsHandlerOnTheOneThreadOfTheLoop() throws Exception {
        List<Event> events = EventSources.run(story, driver);

        assertEquals(
                List.of("datagram", "listener", "message", "operation", "socket", "timer"),
                events.stream().map(Event::source).sorted().toList());
        Set<Thread> threads = events.stream().map(Event::handledBy).collect(Collectors.toSet());
        assertEquals(1, threads.size(), threads.toString());
        assertNotEquals(Thread.currentThread(), threads.iterator().next());
    }
}
