package dev.pumasi.web;

import dev.pumasi.http.Tunnel;
import dev.pumasi.http.Upgrade;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.sync.Latch;
import java.io.IOException;
import java.time.Duration;

/**
 * Two upgraded connections, of which each gets what the other one says: until both have said that they are done, one
 * breaks, or nothing has moved either way for a while. Each direction is a green thread that reads, then writes, so a slow
 * end makes the other wait.
 */
final class Passthrough implements Upgrade.User {

    private static final int PIECE_BYTES = 16 * 1024;

    private final Tunnel server;
    private final Duration idle;
    private final Runnable over;

    /** When something moved last, by the loop's clock. Both directions are of one loop. */
    private long movedNanos;

    /** @param over called once, at the end */
    Passthrough(Tunnel server, Duration idle, Runnable over) {
        this.server = server;
        this.idle = idle;
        this.over = over;
    }

    @Override
    public void use(Tunnel client) throws IOException {
        Latch done = new Latch(1);
        try {
            client.setTimeout(idle);
            server.setTimeout(idle);
            movedNanos = client.loop().nowNanos();
            client.loop().spawn(() -> {
                try {
                    pump(server, client);
                } finally {
                    done.countDown();
                }
            });
            pump(client, server);
            done.await();
        } finally {
            server.close();
            client.close();
            over.run();
        }
    }

    @Override
    public void discard() {
        server.close();
        over.run();
    }

    /** From one to the other until it ends; if it breaks, both end, and that is no news to anybody. */
    private void pump(Tunnel from, Tunnel to) {
        byte[] piece = new byte[PIECE_BYTES];
        try {
            for (int count = read(from, piece); count >= 0; count = read(from, piece)) {
                to.write(piece, 0, count);
                to.flush();
                movedNanos = to.loop().nowNanos();
            }
            to.endOutput();
        } catch (IOException broken) {
            from.close();
            to.close();
        }
    }

    /** Waits on while the other direction moves. */
    private int read(Tunnel from, byte[] piece) throws IOException {
        while (true) {
            try {
                int count = from.read(piece, 0, piece.length);
                movedNanos = from.loop().nowNanos();
                return count;
            } catch (OperationException late) {
                if (late.failure() != Failure.TIMED_OUT || from.loop().nowNanos() - movedNanos >= idle.toNanos()) {
                    throw late;
                }
            }
        }
    }
}
