package dev.pumasi.runtime;

/** How a process ended. */
public sealed interface Exit {

    /** By itself, with this status: from 0, which means success, to 255. */
    record Status(int code) implements Exit {
        @Override
        public String toString() {
            return "exit status " + code;
        }
    }

    /**
     * By a signal.
     *
     * @param dumped whether it left a core dump
     */
    record Signalled(UnixSignal signal, boolean dumped) implements Exit {
        @Override
        public String toString() {
            return "killed by " + signal + (dumped ? " (core dumped)" : "");
        }
    }

    /** Whether it ended by itself, with status 0. */
    default boolean isSuccess() {
        return this instanceof Status(int code) && code == 0;
    }
}
