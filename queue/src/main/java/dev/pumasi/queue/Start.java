package dev.pumasi.queue;

import java.time.Instant;

/** Where a group begins that has never read its topic; one that has goes on where it was, whatever is said here. */
public sealed interface Start {

    /** With the oldest message that is still there. */
    record Beginning() implements Start {}

    /** With what is published from now on. */
    record End() implements Start {}

    /** With the message at that position, or the first behind it. Other partitions begin at their beginning. */
    record At(Position position) implements Start {}

    /** With the first message that was stored at that time or later. */
    record Time(Instant instant) implements Start {}

    static Start beginning() {
        return new Beginning();
    }

    static Start end() {
        return new End();
    }

    static Start at(Position position) {
        return new At(position);
    }

    static Start time(Instant instant) {
        return new Time(instant);
    }
}
