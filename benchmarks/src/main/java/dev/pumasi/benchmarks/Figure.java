package dev.pumasi.benchmarks;

/** What is measured; the unit is the last word of the label. */
enum Figure {
    CPU("cpu_micros"),
    USER("user_micros"),
    SYSTEM("system_micros"),
    RATE("requests_per_second"),
    P50("p50_micros"),
    P99("p99_micros"),
    RESIDENT("resident_mib"),
    ERRORS("errors"),
    SWITCHES("context_switches"),
    SERVER_SHARE("server_core_share"),
    GENERATOR_SHARE("generator_core_share"),
    CONNECTION("connection_bytes"),
    CONNECTION_HEAP("connection_heap_bytes"),
    CONNECTION_NATIVE("connection_native_bytes");

    final String label;

    Figure(String label) {
        this.label = label;
    }
}
