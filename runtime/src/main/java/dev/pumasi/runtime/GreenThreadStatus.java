package dev.pumasi.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One green thread, as it was when it was looked at.
 *
 * @param number its {@link Thread#threadId}, which no other thread of this JVM has
 * @param name its name, mostly empty
 * @param state whether it runs, could run, waits, or waits without having let go of its loop
 * @param waitsFor what it waits for, in words; empty if it does not
 * @param waited for how long; empty if it does not wait, or for something that keeps no record, as the JDK's locks
 * @param stack its stack, the innermost call first; empty where that was not asked for
 */
public record GreenThreadStatus(
        long number,
        String name,
        State state,
        String waitsFor,
        Optional<Duration> waited,
        List<StackTraceElement> stack) {

    /** What a green thread does. */
    public enum State {
        /** Its loop executes it just now. */
        RUNS,
        /** It can go on, and its loop has not come to it yet. */
        READY,
        /** It waits, and its loop is free. */
        WAITS,
        /** It waits and its loop with it: the JDK could not take it off its thread. */
        PINNED
    }

    /** Looks at {@code green}. Any thread. */
    static GreenThreadStatus of(Thread green, Loop loop, boolean withStack) {
        Wait wait = Wait.of(green, List.of());
        boolean mounted = Carrier.of(green) != null;
        State state =
                wait.what().isEmpty() ? (mounted ? State.RUNS : State.READY) : (mounted ? State.PINNED : State.WAITS);
        String owner = wait.owner() == null ? "" : ", held by " + StallReport.name(wait.owner());
        return new GreenThreadStatus(
                green.threadId(),
                green.getName(),
                state,
                wait.what() + owner,
                wait.isDated()
                        ? Optional.of(Duration.ofNanos(Math.max(0, loop.sinceNanos(wait.sinceNanos()))))
                        : Optional.empty(),
                withStack ? List.of(Loop.stackOf(green)) : List.of());
    }

    /** Several lines: what it does, and its stack. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("green thread #").append(number);
        if (!name.isEmpty()) {
            text.append(" \"").append(name).append('"');
        }
        text.append(
                switch (state) {
                    case RUNS -> " runs";
                    case READY -> " is ready to run";
                    case WAITS -> " waits for " + waitsFor;
                    case PINNED -> " keeps its loop from turning while it waits for " + waitsFor;
                });
        waited.ifPresent(time -> text.append(", for ").append(StallReport.time(time.toNanos())));
        StallReport.frames(text, stack.toArray(StackTraceElement[]::new));
        return text.toString();
    }
}
