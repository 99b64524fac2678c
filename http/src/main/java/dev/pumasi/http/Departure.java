package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import java.util.ArrayList;
import java.util.List;

/**
 * What is to be done if the client of one request goes before its answer, and how to find out that it has.
 *
 * <p>A connection that breaks says so. A client that closes its socket, or dies, only ends its side: the same bits on the
 * wire as from one that has said all it had to say and waits. nginx, Node, Go and Netty take that for a departure, and
 * cut off those who wait; others learn of it when they write the answer, and have worked in vain. So the client is <em>asked</em>:
 * an interim answer, which every client of HTTP/1.1 must be able to skip (RFC 9110 section 15.2), reaches those who wait, and
 * is answered with a reset by the kernel of those who do not, so that the next question fails. The first is asked after {@value
 * #FIRST_QUESTION_MILLIS} ms, since most answers are there by then; each next one when twice as much time has passed.
 *
 * <p>Only requests for which somebody wants to know have one of these. Belongs to the loop's thread.
 */
final class Departure {

    /** So soon after the end of its side is a client asked whether it is still there. */
    static final int FIRST_QUESTION_MILLIS = 100;

    static final byte[] QUESTION = ResponseEncoder.PROCESSING;

    private final List<Runnable> actions = new ArrayList<>(1);
    private int waitedMillis;

    void add(Runnable action) {
        actions.add(action);
    }

    void remove(Runnable action) {
        actions.remove(action);
    }

    /** How long to wait until the next question, if the limit allows so much; 0 if the time is over. */
    int nextMillis(int limitMillis) {
        int wait = Math.min(Math.max(waitedMillis, FIRST_QUESTION_MILLIS), limitMillis - waitedMillis);
        waitedMillis += wait;
        return wait;
    }

    /** It has gone. */
    void tell(Loop loop) {
        for (Runnable action : List.copyOf(actions)) {
            run(loop, action);
        }
        actions.clear();
    }

    /** Whatever it does, others are told as well, and the connection ends. */
    static void run(Loop loop, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException failure) {
            loop.report("what was to be done when a client had gone", failure);
        }
    }
}
