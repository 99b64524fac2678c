package dev.pumasi.runtime;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What holds a loop that does not turn: who, where, why, and whether it can end by itself.
 *
 * @param holder the thread that holds the loop: its own, or a green thread that it carries
 * @param verdict one or two sentences
 * @param place the innermost frame of the program's own
 * @param text everything, over several lines
 */
record StallReport(String holder, String verdict, String place, String text) {

    /** How many green threads are shown with their stacks where the owner of a lock cannot be known. */
    static final int SUSPECTS_MAX = 16;

    /** Less is not worth a word. */
    private static final long STARVED_NANOS_MIN = 10_000_000;

    /** How many frames of a stack are shown. */
    static final int FRAMES_MAX = 64;

    /** As {@link #of(Loop, long, long)}, where it is not known whether it got a processor. */
    static StallReport of(Loop loop, long heldNanos) {
        return of(loop, heldNanos, 0);
    }

    /**
     * Looks at a loop from another thread. It may turn again meanwhile; the caller finds that out.
     *
     * @param starvedNanos how long, beside that, its thread was ready to run and did not
     */
    static StallReport of(Loop loop, long heldNanos, long starvedNanos) {
        Thread own = loop.thread();
        Thread green = loop.greenThreadList().mountedOn(own);
        Thread holder = green == null ? own : green;
        StackTraceElement[] stack = Loop.stackOf(holder);
        List<Thread> suspects = loop.greenThreadList().all();
        Wait wait = Wait.of(holder, suspects);
        String who = green == null ? "its own thread" : name(green);
        String verdict =
                "it is held by " + who + ", which " + doing(wait, stack) + ". " + outlook(loop, green, wait, stack);
        StringBuilder text = new StringBuilder()
                .append(loop.name())
                .append(" has not turned for ")
                .append(time(heldNanos))
                .append(starvedNanos < STARVED_NANOS_MIN ? "" : " (and " + time(starvedNanos) + " without a processor)")
                .append(": ")
                .append(verdict);
        stack(text, who, stack);
        Thread owner = wait.owner();
        if (owner != null) {
            stack(text, name(owner), Loop.stackOf(owner));
        } else if (isAnybodys(wait)) {
            suspects.remove(holder);
            suspects(text, loop, suspects);
        }
        return new StallReport(who, verdict, place(stack), text.toString());
    }

    /** The loop turned again while it was looked at: whoever held it has gone. */
    static StallReport missed(Loop loop, long heldNanos) {
        String verdict = "it turned again while it was looked at, so who held it is not known.";
        return new StallReport(
                "unknown",
                verdict,
                "an unknown place",
                loop.name() + " had not turned for " + time(heldNanos) + "; " + verdict);
    }

    /** A thread as the reports name it. */
    static String name(Thread thread) {
        String name = thread.getName();
        if (thread.isVirtual()) {
            return "green thread #" + thread.threadId() + (name.isEmpty() ? "" : " \"" + name + "\"");
        }
        return "thread \"" + name + "\"";
    }

    static String time(long nanos) {
        double millis = nanos / 1e6;
        return millis < 1000
                ? String.format(Locale.ROOT, "%.0f ms", millis)
                : String.format(Locale.ROOT, "%.1f s", millis / 1000);
    }

    /** How long it has waited, with a blank before; empty if that is not known. */
    static String since(Wait wait, Loop loop) {
        return wait.isDated() ? " for " + time(Math.max(0, loop.sinceNanos(wait.sinceNanos()))) : "";
    }

    static void stack(StringBuilder text, String who, StackTraceElement[] stack) {
        text.append(System.lineSeparator()).append("  ").append(who).append(':');
        frames(text, stack);
    }

    static void frames(StringBuilder text, StackTraceElement[] stack) {
        for (int i = 0; i < Math.min(stack.length, FRAMES_MAX); i++) {
            text.append(System.lineSeparator()).append("    at ").append(stack[i]);
        }
        if (stack.length > FRAMES_MAX) {
            text.append(System.lineSeparator())
                    .append("    … ")
                    .append(stack.length - FRAMES_MAX)
                    .append(" more");
        }
    }

    private static String doing(Wait wait, StackTraceElement[] stack) {
        if (!wait.what().isEmpty()) {
            Thread owner = wait.owner();
            return "waits for " + wait.what() + (owner == null ? "" : ", held by " + name(owner));
        }
        return stack.length > 0 && stack[0].isNativeMethod()
                ? "is in the native call " + stack[0].getClassName() + "." + stack[0].getMethodName()
                : "runs, or is inside a call to the kernel or a library";
    }

    /** What will come of it. */
    private static String outlook(Loop loop, @Nullable Thread green, Wait wait, StackTraceElement[] stack) {
        if (wait.loop() == loop) {
            return "Only this loop can end that wait, and it cannot turn: it hangs for ever."
                    + (green == null ? "" : " The thread could not be parked, " + pinnedBy(stack) + ".");
        }
        Thread owner = wait.owner();
        if (owner != null && loop.greenThreadList().all().contains(owner)) {
            Wait its = Wait.of(owner, List.of());
            return "That one is parked on this same loop"
                    + since(its, loop)
                    + (its.what().isEmpty() ? "" : ", waiting for " + its.what())
                    + "; it can only go on when the loop turns: it hangs for ever."
                    + " Take such a lock on a green thread, never on the loop's own.";
        }
        if (isAnybodys(wait) && loop.greenThreadList().size() > (green == null ? 0 : 1)) {
            return "Who can end that wait is not known here. If it is a green thread of this loop, it hangs for ever.";
        }
        return "All else on this loop waits meanwhile: leave to Offload what blocks or computes for long.";
    }

    /** A wait whose end can come from anywhere. */
    private static boolean isAnybodys(Wait wait) {
        return wait.loop() == null && wait.owner() == null && !wait.what().isEmpty();
    }

    /** Why a green thread blocks the thread that carries it instead of leaving it. */
    private static String pinnedBy(StackTraceElement[] stack) {
        for (int i = 1; i < stack.length; i++) {
            if (stack[i].getMethodName().equals("<clinit>")) {
                return "being inside the class initialiser of " + stack[i].getClassName();
            }
            if (stack[i].isNativeMethod()) {
                return "having been called from native code, " + stack[i].getClassName() + "."
                        + stack[i].getMethodName();
            }
        }
        return "being pinned to the loop's thread";
    }

    private static void suspects(StringBuilder text, Loop loop, List<Thread> suspects) {
        if (suspects.isEmpty()) {
            return;
        }
        text.append(System.lineSeparator())
                .append("  other green threads of this loop: ")
                .append(suspects.size());
        for (Thread suspect : suspects.subList(0, Math.min(suspects.size(), SUSPECTS_MAX))) {
            Wait wait = Wait.of(suspect, List.of());
            String waits = wait.what().isEmpty() ? "" : ", waits for " + wait.what() + since(wait, loop);
            stack(text, name(suspect) + waits, Loop.stackOf(suspect));
        }
    }

    /** The innermost frame that is not the JDK's; the innermost of all if there is none. */
    private static String place(StackTraceElement[] stack) {
        return Arrays.stream(stack)
                .filter(frame -> !isJdk(frame))
                .findFirst()
                .or(() -> Arrays.stream(stack).findFirst())
                .map(StackTraceElement::toString)
                .orElse("an unknown place");
    }

    static boolean isJdk(StackTraceElement frame) {
        String name = frame.getClassName();
        return name.startsWith("java.") || name.startsWith("jdk.") || name.startsWith("sun.");
    }
}
