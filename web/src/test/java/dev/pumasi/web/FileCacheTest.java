package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.memory.Buffer;
import org.junit.jupiter.api.Test;

class FileCacheTest {

    private static FileCache.Entry entry(int bytes) {
        Found.Small file = new Found.Small(new FileVersion(bytes, 0, 1, 1), MediaType.TEXT, Buffer.allocate(bytes));
        return new FileCache.Entry(file, Response.ok(), 5);
    }

    @Test
    void neverCostsMoreThanItMay() {
        FileCache cache = new FileCache(100_000);
        for (int i = 0; i < 1000; i++) {
            cache.put("/" + i, entry(i * 40));
            assertTrue(cache.bytes() <= 100_000);
            assertNotNull(cache.get("/" + i));
        }
        cache.put("/999", entry(1_000_000));
        assertNull(cache.get("/999"), "what is too large takes nobody's place, and the old one is gone");
        for (int i = 0; i < 1000; i++) {
            cache.remove("/" + i);
        }
        assertEquals(0, cache.bytes());
    }

    @Test
    void nothingIsKeptWithoutRoom() {
        FileCache cache = new FileCache(0);
        cache.put("/", entry(0));
        assertNull(cache.get("/"));
    }

    @Test
    void freshForASecond() {
        assertTrue(entry(0).isFresh(5));
        assertTrue(entry(0).isFresh(4 + FileCache.FRESH_NANOS));
        assertFalse(entry(0).isFresh(5 + FileCache.FRESH_NANOS));
    }
}
