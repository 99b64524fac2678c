package dev.pumasi.runtime.driver;

/** What a process can be limited in ({@code setrlimit(2)}); its own children inherit the limits. */
public enum ResourceLimit {
    /** Processor time in seconds; SIGKILL ends who exceeds it. */
    CPU_SECONDS(0),
    /** The size of files it writes; SIGXFSZ. */
    FILE_BYTES(1),
    /** The size of the dump of a crash; 0 for none. */
    CORE_BYTES(4),
    /** Processes and threads of its user. */
    PROCESSES(6),
    /** Open descriptors. */
    DESCRIPTORS(7),
    /** Address space. */
    MEMORY_BYTES(9);

    /** Linux's {@code RLIMIT_…}, the same on x86-64 and aarch64. */
    final int number;

    ResourceLimit(int number) {
        this.number = number;
    }
}
