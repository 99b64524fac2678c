package dev.pumasi.runtime;

import java.io.IOException;

/** A signal that cannot be listened to, and why. */
public final class SignalRefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Refusal {
        UNCATCHABLE("no program can catch it", "ask for TERM instead"),
        JVM_FAULTS("the JVM needs it for its own faults", "there is nothing that frees it"),
        JVM_THREAD_DUMP("the JVM prints its threads when it comes", "there is nothing that frees it; use HUP or USR1"),
        JVM_SUSPEND("the JVM holds its own threads with it", "use USR1"),
        REAL_TIME("the JVM knows no real-time signals", "use USR1, or a socket"),
        REDUCED_SIGNALS("the JVM was started with -Xrs and delivers none", "start it without -Xrs"),
        IGNORED("whoever started this process had it ignored (nohup, or a shell's &)", "start it otherwise"),
        NO_SUCH_SIGNAL("this system does not have it", "use another");

        private final String cause;
        private final String remedy;

        Refusal(String cause, String remedy) {
            this.cause = cause;
            this.remedy = remedy;
        }
    }

    private final UnixSignal signal;
    private final Refusal refusal;

    SignalRefusedException(UnixSignal signal, Refusal refusal) {
        super("cannot listen to " + signal + ": " + refusal.cause + " — " + refusal.remedy);
        this.signal = signal;
        this.refusal = refusal;
    }

    public UnixSignal signal() {
        return signal;
    }

    public Refusal refusal() {
        return refusal;
    }
}
