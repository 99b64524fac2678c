package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.http.MediaType;
import dev.pumasi.runtime.Offload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Units and tables of a configuration. */
class LocationsTest {

    private static final RealFolders NOBODY_ASKS = realFolders();

    private static RealFolders realFolders() {
        try (Offload closed = Offload.open()) {
            return new RealFolders(closed);
        }
    }

    @Test
    void sizes() {
        assertEquals(8192, Units.bytes("8k").orElse(-1));
        assertEquals(1 << 20, Units.bytes("1M").orElse(-1));
        assertEquals(3L << 30, Units.bytes("3g").orElse(-1));
        assertEquals(7, Units.bytes("7").orElse(-1));
        for (String wrong :
                List.of("", "k", "1kk", "-1", "1.5k", "1 k", "999999999999999999g", "9999999999999999999")) {
            assertEquals(-1, Units.bytes(wrong).orElse(-1), wrong);
        }
    }

    @Test
    void times() {
        assertEquals(30_000, Units.millis("30").orElse(-1));
        assertEquals(500, Units.millis("500ms").orElse(-1));
        assertEquals(5_400_000, Units.millis("1h 30m").orElse(-1));
        assertEquals(5_400_000, Units.millis("1h30m").orElse(-1));
        assertEquals(2_592_000_000L, Units.millis("1M").orElse(-1));
        for (String wrong : List.of("", "s", "1x", "-1", "1m 1h", "1s1s", "99999999999999999999")) {
            assertEquals(-1, Units.millis(wrong).orElse(-1), wrong);
        }
    }

    /** The tree against the plain rule, with random prefixes. */
    @Test
    void theLongestPrefixIsFoundWhateverThePrefixes() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            List<String> paths = random.ints(random.nextInt(1, 20), 0, 6)
                    .mapToObj(length -> path(random, length))
                    .distinct()
                    .toList();
            List<Locations.Prefix> prefixes = new ArrayList<>();
            for (String path : paths) {
                prefixes.add(new Locations.Prefix(path, location(path), false, false));
            }
            Locations locations = new Locations(List.of(), prefixes, List.of(), Map.of());
            for (int i = 0; i < 30; i++) {
                String uri = path(random, random.nextInt(8));
                String expected = "none";
                int longest = -1;
                for (String path : paths) {
                    if (uri.startsWith(path) && path.length() > longest) {
                        expected = path;
                        longest = path.length();
                    }
                }
                String found = locations.longest(uri);
                assertEquals(expected, found, () -> "seed " + seed + ": " + uri + " in " + paths);
            }
        }
    }

    private static String path(Random random, int length) {
        return "/"
                + random.ints(length, 0, 3)
                        .mapToObj(i -> "ab/".substring(i, i + 1))
                        .collect(Collectors.joining());
    }

    private static Location location(String path) {
        Place place = new Place(
                Template.constant("/"),
                Template.constant("/"),
                new FileStore(Path.of("/"), new TypeTable(Optional.empty(), MediaType.OCTETS), () -> 0),
                Template.constant(""),
                0,
                NOBODY_ASKS);
        Holds holds = new Holds(
                new TypeTable(Optional.empty(), MediaType.OCTETS),
                Map.of(),
                0,
                List.of(),
                Expires.OFF,
                Compression.NONE,
                Access.FREE,
                Optional.empty(),
                false,
                List.of(),
                false,
                Charset.NONE);
        return new Location(
                path,
                false,
                List.of(),
                Locations.NONE,
                place,
                holds,
                List.of(),
                new FilesContent(List.of(), false, false));
    }
}
