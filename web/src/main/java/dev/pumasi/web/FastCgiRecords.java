package dev.pumasi.web;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The records of FastCGI 1.0 (the specification's section 3.3), as a web server writes and reads them; no I/O. One request at a time on a
 * connection, whose number is always {@value #REQUEST_ID}: PHP-FPM, and every other peer in use, takes no second one.
 */
final class FastCgiRecords {

    static final int HEADER_BYTES = 8;
    static final int CONTENT_BYTES_MAX = 65_535;
    static final int REQUEST_ID = 1;

    static final int BEGIN_REQUEST = 1;
    static final int ABORT_REQUEST = 2;
    static final int END_REQUEST = 3;
    static final int PARAMS = 4;
    static final int STDIN = 5;
    static final int STDOUT = 6;
    static final int STDERR = 7;

    private static final int VERSION = 1;
    private static final int RESPONDER = 1;
    private static final int KEEP_CONNECTION = 1;

    /** What came is not FastCGI, or not about our request. */
    static final class BrokenException extends IOException {

        private static final long serialVersionUID = 1L;

        BrokenException(String what) {
            super(what);
        }
    }

    private FastCgiRecords() {}

    // ------------------------------------------------------------------------------------------- what is written

    /** The beginning of a request: who is to answer, and all variables. */
    static byte[] opening(Map<String, String> variables) {
        ByteArrayOutputStream all = new ByteArrayOutputStream(1024);
        header(all, BEGIN_REQUEST, 8);
        all.writeBytes(new byte[] {0, RESPONDER, KEEP_CONNECTION, 0, 0, 0, 0, 0});
        byte[] pairs = pairs(variables);
        for (int from = 0; from < pairs.length; from += CONTENT_BYTES_MAX) {
            int length = Math.min(CONTENT_BYTES_MAX, pairs.length - from);
            header(all, PARAMS, length);
            all.write(pairs, from, length);
        }
        header(all, PARAMS, 0);
        return all.toByteArray();
    }

    /** Section 3.4: lengths of one byte, or of four with the first bit set. */
    private static byte[] pairs(Map<String, String> variables) {
        ByteArrayOutputStream pairs = new ByteArrayOutputStream(1024);
        variables.forEach((name, value) -> {
            byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
            byte[] valueBytes = value.getBytes(StandardCharsets.UTF_8);
            length(pairs, nameBytes.length);
            length(pairs, valueBytes.length);
            pairs.writeBytes(nameBytes);
            pairs.writeBytes(valueBytes);
        });
        return pairs.toByteArray();
    }

    private static void length(ByteArrayOutputStream to, int length) {
        if (length > 127) {
            to.write(length >>> 24 | 0x80);
            to.write(length >>> 16);
            to.write(length >>> 8);
        }
        to.write(length);
    }

    private static void header(ByteArrayOutputStream to, int type, int length) {
        byte[] header = new byte[HEADER_BYTES];
        header(header, type, length);
        to.writeBytes(header);
    }

    /** Writes a header into the first bytes of {@code to}. */
    static void header(byte[] to, int type, int length) {
        to[0] = VERSION;
        to[1] = (byte) type;
        to[2] = 0;
        to[3] = REQUEST_ID;
        to[4] = (byte) (length >>> 8);
        to[5] = (byte) length;
        to[6] = 0;
        to[7] = 0;
    }

    // ------------------------------------------------------------------------------------------- what is read

    /**
     * Takes the stream of records apart, however it is cut.
     *
     * <pre>
     *   header (8 bytes) ──► content ──► padding ──► header …
     * </pre>
     */
    static final class Decoder {

        /** Whom the content goes to. */
        interface Receiver {
            void output(byte[] bytes, int offset, int length);

            void complaint(byte[] bytes, int offset, int length);

            /** @param protocolStatus 0 if it was answered; 2 if the application is overloaded (section 5.5) */
            void ended(int protocolStatus) throws BrokenException;
        }

        private final Receiver receiver;
        private final byte[] header = new byte[HEADER_BYTES];
        private final byte[] end = new byte[8];
        private int headerSize;
        private int contentLeft;
        private int paddingLeft;
        private int endSize;
        private boolean over;

        Decoder(Receiver receiver) {
            this.receiver = receiver;
        }

        /** Whether the request has been answered. */
        boolean isOver() {
            return over;
        }

        void feed(byte[] bytes, int offset, int count) throws BrokenException {
            int at = offset;
            int limit = offset + count;
            while (at < limit) {
                if (over) {
                    throw new BrokenException("bytes behind the end of an answer");
                }
                if (headerSize < HEADER_BYTES) {
                    header[headerSize++] = bytes[at++];
                    if (headerSize == HEADER_BYTES) {
                        begin();
                    }
                } else if (contentLeft > 0) {
                    int length = Math.min(contentLeft, limit - at);
                    content(bytes, at, length);
                    contentLeft -= length;
                    at += length;
                } else {
                    int length = Math.min(paddingLeft, limit - at);
                    paddingLeft -= length;
                    at += length;
                }
                if (headerSize == HEADER_BYTES && contentLeft == 0 && paddingLeft == 0) {
                    finish();
                }
            }
        }

        private void begin() throws BrokenException {
            int id = (header[2] & 0xff) << 8 | header[3] & 0xff;
            int type = header[1];
            contentLeft = (header[4] & 0xff) << 8 | header[5] & 0xff;
            paddingLeft = header[6] & 0xff;
            endSize = 0;
            if (header[0] != VERSION) {
                throw new BrokenException("not FastCGI 1: version " + header[0]);
            }
            if (type != STDOUT && type != STDERR && type != END_REQUEST) {
                throw new BrokenException("a record of type " + type + ", which no answer has");
            }
            if (id != REQUEST_ID) {
                throw new BrokenException("a record of request " + id + ", which nobody has made");
            }
            if (type == END_REQUEST && contentLeft != end.length) {
                throw new BrokenException("an end of " + contentLeft + " bytes");
            }
        }

        private void content(byte[] bytes, int offset, int length) {
            switch (header[1]) {
                case STDOUT -> receiver.output(bytes, offset, length);
                case STDERR -> receiver.complaint(bytes, offset, length);
                default -> {
                    System.arraycopy(bytes, offset, end, endSize, length);
                    endSize += length;
                }
            }
        }

        private void finish() throws BrokenException {
            headerSize = 0;
            if (header[1] == END_REQUEST) {
                over = true;
                receiver.ended(end[4]);
            }
        }
    }
}
