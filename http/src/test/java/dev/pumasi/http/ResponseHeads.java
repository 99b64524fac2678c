package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** As {@link Heads}, of responses: whole, cut in two at every byte, and byte by byte, with one outcome. */
final class ResponseHeads {

    private static final int MARGIN = 24;

    private ResponseHeads() {}

    /** What came of the parsing. */
    sealed interface Outcome permits Head, Refusal, Unfinished {}

    record Head(
            int length,
            int status,
            String reason,
            boolean http10,
            boolean keepsAlive,
            BodyFraming framing,
            long contentLength,
            List<Field> fields)
            implements Outcome {}

    record Refusal(Violation violation) implements Outcome {}

    record Unfinished() implements Outcome {}

    static Outcome parse(String head) {
        return parse(head, ClientLimits.DEFAULTS.codec());
    }

    static Outcome parse(String head, HttpLimits limits) {
        byte[] bytes = head.getBytes(StandardCharsets.ISO_8859_1);
        Outcome whole = parse(bytes, limits, bytes.length);
        for (int cut = 0; cut < bytes.length; cut++) {
            assertEquals(whole, parse(bytes, limits, cut, bytes.length), "cut at " + cut + ": " + head);
        }
        int[] steps = new int[bytes.length + 1];
        Arrays.setAll(steps, i -> i);
        assertEquals(whole, parse(bytes, limits, steps), "byte by byte: " + head);
        return whole;
    }

    static Outcome parse(byte[] bytes, HttpLimits limits, int... shown) {
        ResponseParser parser = new ResponseParser(limits);
        int outcome = HeadParser.NEED_MORE;
        for (int i = 0; i < shown.length && outcome == HeadParser.NEED_MORE; i++) {
            int base = i % MARGIN;
            Buffer in = Buffer.allocate(base + shown[i] + i * 7 % MARGIN);
            for (int j = 0; j < in.capacity(); j++) {
                in.put(j, (byte) "\n7\r: \0".charAt((i + j) % 6));
            }
            in.put(base, bytes, 0, shown[i]);
            outcome = parser.parse(in, base, base + shown[i]);
        }
        return switch (outcome) {
            case HeadParser.NEED_MORE -> new Unfinished();
            case HeadParser.VIOLATION -> new Refusal(parser.violation());
            default -> describe(parser);
        };
    }

    private static Head describe(ResponseParser parser) {
        ReceivedFields received = parser.fields.copy(parser.headLength());
        List<Field> fields = new ArrayList<>();
        for (int line = 0; line < received.count(); line++) {
            fields.add(new Field(received.name(line), received.value(line)));
            assertEquals(parser.fields.find(received.name(line), 0), received.find(received.name(line), 0));
        }
        return new Head(
                parser.headLength(),
                parser.status(),
                parser.reason(),
                parser.isHttp10(),
                parser.keepsAlive(),
                parser.bodyFraming(false),
                parser.contentLength(),
                fields);
    }
}
