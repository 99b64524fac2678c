package dev.pumasi.web;

/** Where in a configuration a directive stands. */
enum ConfContext {
    MAIN('M', "at the top of the file"),
    EVENTS('E', "in 'events'"),
    HTTP('H', "in 'http'"),
    SERVER('S', "in 'server'"),
    LOCATION('L', "in 'location'"),
    IF('I', "in 'if'"),
    LIMIT('X', "in 'limit_except'"),
    UPSTREAM('U', "in 'upstream'");

    private final char letter;
    private final String words;

    ConfContext(char letter, String words) {
        this.letter = letter;
        this.words = words;
    }

    /** By which {@link Directives} calls it. */
    char letter() {
        return letter;
    }

    /** For people. */
    String words() {
        return words;
    }
}
