package dev.pumasi.services;

/** How the services talk. */
enum Way {
    /** Each calls the next over HTTP and waits for its answer (S29). */
    CALLS("they call each other"),

    /** Each puts an event into a queue and goes on; the next one watches the queue (S30). */
    QUEUE("they talk through a queue");

    final String words;

    Way(String words) {
        this.words = words;
    }
}
