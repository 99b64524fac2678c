package dev.pumasi.queue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What publishers and consumers were told, over all lives of a queue, and the contract that it must fulfil:
 *
 * <ol>
 *   <li>what was told to be published is delivered, or among the dead letters, at the latest when all is read;
 *   <li>what was told to be acknowledged, durably, is never delivered again;
 *   <li>nothing is delivered that was not published, and what is delivered is what was published, where it was told to be;
 *   <li>within a life, the messages of a key come in the order of publication, and none while another one is in hand;
 *   <li>the count of deliveries never falls behind the rejections that were told to be durable (or, if the process died and not the
 *       machine, behind the deliveries), and is never ahead of what can have happened.
 * </ol>
 *
 * <p>A breach is an {@link AssertionError}. One thread.
 */
final class History {

    static final String GROUP = "checked";

    /** A message and what is known of it. */
    static final class Sent {

        final String key;
        final int number;
        final int bytes;
        boolean durable;
        long sequence = -1;
        int handed;
        int counted;
        boolean acknowledged;
        boolean dead;

        /** Somebody wanted to acknowledge it, in this life or an earlier one; whether that is durable is not known. */
        boolean mayBeAcknowledged;

        /** In this life. */
        boolean inHand;

        boolean doneWith;

        Sent(String key, int number, int bytes) {
            this.key = key;
            this.number = number;
            this.bytes = bytes;
        }

        Sent copy() {
            Sent copy = new Sent(key, number, bytes);
            copy.durable = durable;
            copy.sequence = sequence;
            copy.handed = handed;
            copy.counted = counted;
            copy.acknowledged = acknowledged;
            copy.dead = dead;
            copy.mayBeAcknowledged = mayBeAcknowledged;
            return copy;
        }

        @Override
        public String toString() {
            return key + ":" + number;
        }

        String detail() {
            return this + " at " + sequence + ", handed out " + handed + " times, counted " + counted;
        }
    }

    private final Map<String, Sent> sent = new LinkedHashMap<>();
    private final Map<String, Sent> latestOfKey = new HashMap<>();
    private int crashes;

    /** The beginning of another life, after a crash. */
    History afterCrash() {
        History copy = new History();
        sent.forEach((name, one) -> copy.sent.put(name, one.copy()));
        copy.crashes = crashes + 1;
        return copy;
    }

    int size() {
        return sent.size();
    }

    // ------------------------------------------------------------------------------------------- publishing

    /** About to be published. */
    Message asks(String key, int number, int bytes) {
        Sent one = new Sent(key, number, bytes);
        if (sent.put(one.toString(), one) != null) {
            throw new AssertionError(one + " is published twice by the test");
        }
        return message(one);
    }

    static Message message(Sent one) {
        StringBuilder body = new StringBuilder(one.toString()).append(' ');
        while (body.length() < one.bytes) {
            body.append((char) ('a' + (one.number * 31 + body.length()) % 26));
        }
        return Message.of(one.key, body.toString());
    }

    void published(String name, Position position) {
        Sent one = known(name);
        one.durable = true;
        one.sequence = position.sequence();
    }

    // ------------------------------------------------------------------------------------------- consuming

    /** Handed to a consumer; answers its name. */
    String delivered(Message message, Position position, int attempt) {
        Sent one = check(message, position);
        if (one.acknowledged) {
            throw new AssertionError(one + " was acknowledged durably, and is delivered again");
        }
        if (one.dead) {
            throw new AssertionError(one + " is among the dead letters, and is delivered again");
        }
        if (one.doneWith) {
            throw new AssertionError(one + " is delivered again though it was acknowledged in this life");
        }
        if (one.inHand) {
            throw new AssertionError(one + " is delivered while it is in hand");
        }
        if (attempt <= one.counted) {
            throw new AssertionError(
                    one + " is delivered as attempt " + attempt + " after " + one.counted + " durable ones");
        }
        // One attempt can have been written down in each life that ended before it was handed out.
        if (attempt > one.handed + 1 + crashes) {
            throw new AssertionError(one + " is delivered as attempt " + attempt + ", and was handed out " + one.handed
                    + " times in " + (crashes + 1) + " lives");
        }
        Sent before = latestOfKey.put(one.key, one);
        if (before != null && before != one && (before.number > one.number || before.inHand)) {
            throw new AssertionError(one + " comes after " + before + (before.inHand ? ", which is in hand" : ""));
        }
        one.handed++;
        one.inHand = true;
        return one.toString();
    }

    /** About to be acknowledged. */
    void settles(String name) {
        known(name).inHand = false;
    }

    void isDoneWith(String name) {
        settles(name);
        known(name).doneWith = true;
        known(name).mayBeAcknowledged = true;
    }

    void acknowledged(String name) {
        known(name).acknowledged = true;
    }

    /** The rejection of that attempt is durable. */
    void rejected(String name, int attempt) {
        Sent one = known(name);
        one.counted = Math.max(one.counted, attempt);
    }

    /** Found among the dead letters; more than once is allowed. */
    void foundDead(Message letter) {
        Sent one = check(letter, Position.parse(letter.headers().get(Delivery.DEAD_POSITION)));
        one.dead = true;
    }

    private Sent check(Message message, Position position) {
        String name = message.text().split(" ", 2)[0];
        Sent one = sent.get(name);
        if (one == null) {
            throw new AssertionError("delivered, and never published: " + message.text());
        }
        if (!message.text().equals(message(one).text()) || !message.key().equals(one.key)) {
            throw new AssertionError(name + " is not what was published: " + message.text());
        }
        if (one.durable && one.sequence != position.sequence()) {
            throw new AssertionError(name + " is at " + position + ", and was told to be at " + one.sequence);
        }
        return one;
    }

    /** As it was published. */
    Message sent(String name) {
        return message(known(name));
    }

    private Sent known(String name) {
        Sent one = sent.get(name);
        if (one == null) {
            throw new AssertionError("never published: " + name);
        }
        return one;
    }

    /** Everything has been read that there is. */
    void readToTheEnd() {
        List<Sent> missing = new ArrayList<>();
        for (Sent one : sent.values()) {
            if (one.durable && !one.mayBeAcknowledged && !one.dead) {
                missing.add(one);
            }
        }
        if (!missing.isEmpty()) {
            throw new AssertionError(
                    "published, and lost: " + missing.stream().map(Sent::detail).toList());
        }
    }
}
