package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Messages from any thread to a loop. */
final class MailboxTest extends OnEachDriver {

    private static final int THREADS = 4;
    private static final int EACH = 5000;

    @Test
    void messagesOfOneThreadComeInOrderAndNoneIsLost() throws Exception {
        Loop loop = loop();
        int[] seen = new int[THREADS];
        AtomicInteger sum = new AtomicInteger();
        AtomicInteger disorder = new AtomicInteger();
        Mailbox<int[]> mailbox = closing(Mailbox.open(loop, 100, message -> {
            if (seen[message[0]]++ != message[1] || !loop.isCurrent()) {
                disorder.incrementAndGet();
            }
            sum.incrementAndGet();
        }));
        List<CompletableFuture<Long>> posters = IntStream.range(0, THREADS)
                .mapToObj(thread -> elsewhere(() -> {
                    long refusedHere = 0;
                    for (int i = 0; i < EACH; i++) {
                        while (!mailbox.post(new int[] {thread, i})) {
                            refusedHere++;
                            Thread.onSpinWait();
                        }
                    }
                    return refusedHere;
                }))
                .toList();
        long refused = 0;
        for (CompletableFuture<Long> poster : posters) {
            refused += get(poster);
        }
        Eventually.until("all have come", () -> sum.get() == THREADS * EACH);
        assertEquals(0, disorder.get());
        assertEquals(refused, mailbox.refused());
        Eventually.until("none is left", () -> mailbox.waiting() == 0);
        assertNoHops(loop);
    }

    @Test
    void whenItIsFullPostersAreToldAtOnce() throws Exception {
        Loop loop = loop();
        Mailbox<String> mailbox = closing(Mailbox.open(loop, 2));
        assertTrue(mailbox.post("soup"));
        assertTrue(mailbox.post("rice"));
        assertFalse(mailbox.post("spam"));
        assertFalse(mailbox.post("spam"));
        assertEquals(2, mailbox.refused());
        assertEquals(2, mailbox.waiting());
        assertEquals("soup", onGreen(loop, () -> mailbox.next().await()));
        assertTrue(mailbox.post("spam"));
        assertEquals("rice", mailbox.next().await());
        assertEquals("spam", mailbox.next().await());
        assertThrows(IllegalArgumentException.class, () -> Mailbox.open(loop, 0));
    }

    @Test
    void aGreenThreadAwaitsMessagesOfAForeignThread() throws Exception {
        Loop loop = loop();
        Mailbox<Integer> mailbox = closing(Mailbox.open(loop, 10));
        CompletableFuture<List<Integer>> received = new CompletableFuture<>();
        loop.spawn(() -> complete(received, () -> {
            List<Integer> all = new ArrayList<>();
            while (all.size() < 1000) {
                all.add(mailbox.next().await());
            }
            return all;
        }));
        get(elsewhere(() -> {
            for (int i = 0; i < 1000; i++) {
                while (!mailbox.post(i)) {
                    Thread.onSpinWait();
                }
            }
            return true;
        }));
        assertEquals(IntStream.range(0, 1000).boxed().toList(), get(received));
        assertNoHops(loop);
    }

    @Test
    void whoWaitsCanBeCancelledAndIsToldOfTheEnd() throws Exception {
        Loop loop = loop();
        Mailbox<String> mailbox = Mailbox.open(loop, 10);
        Operation<String> first = mailbox.next();
        first.cancel();
        assertEquals(
                Failure.CANCELLED,
                assertThrows(OperationException.class, first::await).failure());
        mailbox.post("for the second");
        assertEquals("for the second", mailbox.next().await());
        Operation<String> last = mailbox.next();
        mailbox.close();
        assertEquals(
                Failure.CLOSED,
                assertThrows(OperationException.class, last::await).failure());
        assertFalse(mailbox.post("too late"));
    }

    @Test
    void aHandlerThatFailsGetsTheNextMessage() throws Exception {
        Loop loop = loop();
        CompletableFuture<String> second = new CompletableFuture<>();
        Mailbox<String> mailbox = closing(Mailbox.open(loop, 10, message -> {
            if (message.equals("bad")) {
                throw new IllegalStateException("a bad message");
            }
            second.complete(message);
        }));
        mailbox.post("bad");
        mailbox.post("good");
        assertEquals("good", get(second));
        assertEquals(1, loop.status().failures());
        assertEquals(1, heard.take().size(), "reported once");
    }
}
