package dev.pumasi.runtime;

import org.jspecify.annotations.Nullable;

/** Where incidents are recorded: JDK Flight Recorder, or nowhere in a JVM without the module {@code jdk.jfr}. Any thread. */
sealed interface Recorder permits JfrRecorder, Recorder.None {

    Recorder HERE = ModuleLayer.boot().findModule("jdk.jfr").isPresent() ? new JfrRecorder() : new None();

    /** A loop was found not to turn. */
    void stalled(String loop, long heldNanos, String holder, String verdict, String stack);

    /** It turns again. */
    void resumed(String loop, long lastedNanos);

    /** A green thread of that loop was woken from elsewhere. */
    void hopped(String loop, String waiter, String waitersStack, String waker, String wakersStack);

    /** Whoever is to hear what a loop's recording notes; null if nobody is. */
    @Nullable
    Echo echo(String loop);

    /** Without {@code jdk.jfr}. */
    record None() implements Recorder {

        @Override
        public void stalled(String loop, long heldNanos, String holder, String verdict, String stack) {}

        @Override
        public void resumed(String loop, long lastedNanos) {}

        @Override
        public void hopped(String loop, String waiter, String waitersStack, String waker, String wakersStack) {}

        @Override
        public @Nullable Echo echo(String loop) {
            return null;
        }
    }
}
