package dev.pumasi.server;

import java.nio.charset.StandardCharsets;

/**
 * What a supervisor and a worker say to each other: a line, of which the first word says what it is about.
 *
 * @param verb one of those below
 * @param rest what belongs to it; may be empty
 */
record ControlLine(String verb, String rest) {

    /** Of a worker: its application is open, and it asks itself some requests. */
    static final String WARMING = "warming";

    /** Of a worker: it could serve. Rest: how many of its own requests it has answered, and how many of those with 5xx. */
    static final String READY = "ready";

    /** Of a worker: it accepts connections. */
    static final String SERVING = "serving";

    /** Of a worker: it will never be ready. Rest: why, for the operator. */
    static final String REFUSED = "refused";

    /** Of a worker: it has been told by somebody else to leave, accepts no more, and wants a replacement. */
    static final String LEAVING = "leaving";

    /** Of a worker that was told to leave: it accepts no more. */
    static final String QUIET = "quiet";

    /** Of a worker that was asked to {@link #LOOK}: one of its loops, as {@link Sighting} writes it. */
    static final String SEEN_LOOP = "seen-loop";

    /** The same: a time that one of its loops did not turn. */
    static final String SEEN_STALL = "seen-stall";

    /** The same: what one of its parts counts. */
    static final String SEEN_PART = "seen-part";

    /** The same, and the end of it: the process. */
    static final String SEEN = "seen";

    /** To a worker: tell what you do. */
    static final String LOOK = "look";

    /** To a worker: accept. */
    static final String SERVE = "serve";

    /** To a worker: a successor has taken over. Rest: after how many milliseconds it must be gone. */
    static final String RETIRE = "retire";

    /** To a worker: the service ends. Rest: as of {@link #RETIRE}. */
    static final String STOP = "stop";

    /** What is longer is cut: nobody needs more of a message. */
    static final int BYTES_MAX = 4096;

    static ControlLine of(String verb) {
        return new ControlLine(verb, "");
    }

    static ControlLine parse(String line) {
        int space = line.indexOf(' ');
        return space < 0 ? of(line) : new ControlLine(line.substring(0, space), line.substring(space + 1));
    }

    byte[] encoded() {
        String text = rest.isEmpty() ? verb : verb + " " + rest.replaceAll("\\s*[\\r\\n]+\\s*", " ");
        byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= BYTES_MAX) {
            return bytes;
        }
        byte[] cut = new byte[BYTES_MAX];
        System.arraycopy(bytes, 0, cut, 0, BYTES_MAX - 1);
        cut[BYTES_MAX - 1] = '\n';
        return cut;
    }

    /** The rest as a number. */
    long number() {
        return Long.parseLong(rest);
    }
}
