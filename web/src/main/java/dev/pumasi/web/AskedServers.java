package dev.pumasi.web;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The servers that were asked for one request, for {@code $upstream_addr} and its like: one after another with a comma between them, and with
 * a colon where {@code error_page} or a rule has sent the request on to others.
 */
final class AskedServers implements Asking {

    private static final long UNDER_WAY = -1;

    private static final class One {

        private final String server;
        private final boolean isFirst;
        private final long begunNanos = System.nanoTime();
        private int status;
        private long tookNanos = UNDER_WAY;

        One(String server, boolean isFirst) {
            this.server = server;
            this.isFirst = isFirst;
        }

        long millis() {
            return (tookNanos == UNDER_WAY ? System.nanoTime() - begunNanos : tookNanos) / 1_000_000;
        }
    }

    private final List<One> all = new ArrayList<>(1);
    private boolean beginsGroup = true;

    /** What is asked from here on is asked by another location. */
    void nextGroup() {
        beginsGroup = true;
    }

    @Override
    public void begins(String server) {
        all.add(new One(server, beginsGroup));
        beginsGroup = false;
    }

    @Override
    public void ends(int status, boolean isWhole) {
        One last = all.getLast();
        last.status = status;
        if (isWhole) {
            last.tookNanos = System.nanoTime() - last.begunNanos;
        }
    }

    String servers() {
        return joined(one -> one.server);
    }

    String statuses() {
        return joined(one -> one.status == 0 ? "-" : Integer.toString(one.status));
    }

    /** In seconds; so far, if the answer has not come whole. */
    String times() {
        return joined(one -> Variables.milliseconds(one.millis()));
    }

    private String joined(Function<One, String> part) {
        StringBuilder made = new StringBuilder();
        for (One one : all) {
            if (!made.isEmpty()) {
                made.append(one.isFirst ? " : " : ", ");
            }
            made.append(part.apply(one));
        }
        return made.toString();
    }
}
