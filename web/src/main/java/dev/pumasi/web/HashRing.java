package dev.pumasi.web;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Consistent hashing (Karger et al., "Consistent Hashing and Random Trees", STOC 1997): each server stands on a ring at many
 * points, by its weight; a key belongs to the first server after its own point that may serve. So the keys of a server that
 * is gone spread over the others, and all other keys stay where they are. Immutable.
 */
final class HashRing {

    /** Of a server of weight 1: enough that shares differ by a few percent. */
    private static final int POINTS_PER_WEIGHT = 160;

    /** What a ring holds at most; beyond it every server gets fewer. */
    private static final int POINTS_MAX = 64 * 1024;

    private record Point(long hash, UpstreamServer server) {}

    private final Point[] points;

    HashRing(List<UpstreamServer> servers) {
        long weights = servers.stream().mapToLong(UpstreamServer::weight).sum();
        int perWeight = (int) Math.max(1, Math.min(POINTS_PER_WEIGHT, POINTS_MAX / weights));
        points = servers.stream()
                .flatMap(server -> IntStream.range(0, server.weight() * perWeight)
                        .mapToObj(i -> new Point(hash(server.origin() + "#" + i), server)))
                .sorted((one, other) -> Long.compareUnsigned(one.hash, other.hash))
                .toArray(Point[]::new);
    }

    @Nullable
    UpstreamServer next(String key, List<UpstreamServer> tried, Upstream.Tier tier) {
        long hash = hash(key);
        int low = 0;
        int high = points.length;
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(points[middle].hash, hash) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for (int i = 0; i < points.length; i++) {
            UpstreamServer server = points[(low + i) % points.length].server;
            if (Upstream.mayServe(server, tried, tier)) {
                return server;
            }
        }
        return null;
    }

    /** FNV-1a, 64 bits, with the finish of MurmurHash3, which spreads the last bytes over all bits. */
    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ octet & 0xff) * 0x100000001b3L;
        }
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        hash = (hash ^ hash >>> 33) * 0xc4ceb9fe1a85ec53L;
        return hash ^ hash >>> 33;
    }

    /** How many points there are, for tests. */
    int size() {
        return points.length;
    }

    @Override
    public String toString() {
        return "ring of " + Arrays.stream(points).map(Point::server).distinct().count() + " servers";
    }
}
