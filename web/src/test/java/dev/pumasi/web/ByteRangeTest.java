package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {

    private static final long SIZE = 10_000;

    /** The examples of RFC 9110 section 14.1.2, and what is beside them. */
    @ParameterizedTest
    @CsvSource({
        "bytes=0-499, 0, 500",
        "bytes=500-999, 500, 500",
        "bytes=-500, 9500, 500",
        "bytes=9500-, 9500, 500",
        "bytes=0-0, 0, 1",
        "bytes=-1, 9999, 1",
        "bytes=0-, 0, 10000",
        "bytes=-10001, 0, 10000",
        "bytes=9999-99999, 9999, 1",
        "bytes=0-99999999999999999999999, 0, 10000",
        "bytes=-99999999999999999999999, 0, 10000",
        "bytes=0-9223372036854775807, 0, 10000",
        "BYTES=1-2, 1, 2",
        "'bytes= 1-2 ', 1, 2",
        "'bytes=,1-2,,', 1, 2",
        "'bytes=20000-,1-2', 1, 2",
    })
    void one(String field, long from, long length) {
        assertEquals(Optional.of(List.of(new ByteRange(from, length))), ByteRange.parse(field, SIZE));
    }

    @Test
    void several() {
        assertEquals(
                Optional.of(List.of(new ByteRange(0, 1), new ByteRange(9999, 1), new ByteRange(5, 2))),
                ByteRange.parse("bytes=0-0,-1, 5-6", SIZE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999-", "bytes=20000-,-0"
            })
    void noneWithinTheFile(String field) {
        assertEquals(Optional.of(List.of()), ByteRange.parse(field, SIZE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes",
                "bytes=",
                "bytes=,",
                "bytes=-",
                "bytes=a-b",
                "bytes=1",
                "bytes=2-1",
                "bytes=1-2-3",
                "bytes=--1",
                "bytes=+1-2",
                "bytes=1 - 2",
                "bytes=0x1-2",
                "bytes = 1-2",
                "items=1-2",
                "bytes=1-2;3-4",
                "bytes=1-2,x",
                "bytes=0-,0-",
                "bytes=0-9000,1000-9999"
            })
    void whatIsToBeIgnored(String field) {
        assertEquals(Optional.empty(), ByteRange.parse(field, SIZE));
    }

    @Test
    void tooManyAreIgnored() {
        String most = "bytes=" + "1-1,".repeat(ByteRange.RANGES_MAX);
        assertEquals(
                ByteRange.RANGES_MAX, ByteRange.parse(most, SIZE).orElseThrow().size());
        assertTrue(ByteRange.parse(most + "1-1", SIZE).isEmpty());
    }

    @Test
    void anEmptyFileHasNoRanges() {
        assertTrue(ByteRange.parse("bytes=0-", 0).isEmpty());
        assertTrue(ByteRange.parse("bytes=-5", 0).isEmpty());
    }

    @Test
    void contentRange() {
        assertEquals("bytes 9500-9999/10000", new ByteRange(9500, 500).of(SIZE));
    }
}
