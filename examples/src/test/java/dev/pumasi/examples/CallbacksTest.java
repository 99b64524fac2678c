package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CallbacksTest extends EachDriver {

    private static final int BEFORE_EVENT_HANDLERS = 13;

    @Test
    void synchronousOnesComeInsideTheCallAsynchronousOnesAfterIt() throws Exception {
        List<String> order = Callbacks.run(story, driver);

        assertEquals(
                List.of(
                        "forEach is called",
                        "  synchronous callback: soup",
                        "  synchronous callback: rice",
                        "forEach has returned",
                        "run is called on the loop",
                        "  synchronous callback: run, on the loop",
                        "run has returned",
                        "onDone is called",
                        "onDone has returned",
                        "  asynchronous callback: the nap is over",
                        "onDone is called on what is done already",
                        "onDone has returned again",
                        "  asynchronous callback: later all the same"),
                order.subList(0, BEFORE_EVENT_HANDLERS));

        List<String> handled = order.subList(BEFORE_EVENT_HANDLERS, order.size());
        assertEquals("event handlers are registered", handled.getFirst());
        assertEquals(
                List.of(
                        "  event handler: a connection",
                        "  event handler: a connection",
                        "  event handler: a connection",
                        "  event handler: received rice",
                        "  event handler: received soup",
                        "  event handler: received spam",
                        "  event handler: the end of a stream",
                        "  event handler: the end of a stream",
                        "  event handler: the end of a stream"),
                handled.stream().skip(1).sorted().toList());
    }
}
