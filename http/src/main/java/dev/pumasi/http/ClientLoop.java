package dev.pumasi.http;

import dev.pumasi.runtime.Connector;
import dev.pumasi.runtime.Loop;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A client's share of one loop: its pools, and what its connections there have in common. Belongs to the loop's thread,
 * except where it says otherwise.
 */
final class ClientLoop {

    /** How many decoders are kept for reuse. */
    private static final int DECODERS_KEPT_MAX = 1024;

    final Loop loop;
    final ClientLimits limits;
    final HttpLimits codec;
    final Connector connector;
    final ClientCounters counters = new ClientCounters();
    final LargeBuffers large = new LargeBuffers();
    private final Map<Origin, OriginPool> pools = new LinkedHashMap<>();
    private final ArrayDeque<BodyDecoder> decoders = new ArrayDeque<>();
    private boolean closed;

    /** Whether a pool waits for the others to have fewer connections. */
    private boolean starving;

    ClientLoop(Loop loop, ClientLimits limits, Connector connector) {
        this.loop = loop;
        this.limits = limits;
        this.connector = connector;
        codec = limits.codec();
    }

    OriginPool pool(Origin origin) {
        OriginPool known = pools.get(origin);
        if (known == null) {
            known = new OriginPool(this, origin);
            pools.put(origin, known);
        }
        return known;
    }

    void forget(OriginPool pool) {
        pools.remove(pool.origin(), pool);
    }

    BodyDecoder takeDecoder() {
        BodyDecoder decoder = decoders.pollLast();
        return decoder != null ? decoder : new BodyDecoder(codec);
    }

    void giveBack(BodyDecoder decoder) {
        if (decoders.size() < DECODERS_KEPT_MAX) {
            decoders.addLast(decoder);
        }
    }

    void opened() {
        counters.open++;
        counters.connections++;
    }

    void ended() {
        counters.open--;
    }

    /** Whether another connection may be made for {@code wanting}; an unused one to elsewhere makes room for it. */
    boolean hasRoom(OriginPool wanting) {
        if (counters.open + counters.connecting < limits.connectionsMax()) {
            return true;
        }
        for (OriginPool other : List.copyOf(pools.values())) {
            if (other != wanting && other.dropOldest()) {
                return true;
            }
        }
        starving = true;
        return false;
    }

    /** A connection has ended, or is not used any more: somebody may have waited for that. */
    void roomIsThere() {
        if (starving && !closed) {
            starving = false;
            loop.execute(() -> List.copyOf(pools.values()).forEach(OriginPool::connect));
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Ends everything. */
    void close() {
        closed = true;
        List.copyOf(pools.values()).forEach(OriginPool::close);
    }

    /** Any thread; as of about now. */
    ClientStatus status() {
        return counters.status();
    }
}
