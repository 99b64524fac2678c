package dev.pumasi.admin;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Those who look at the page, and what they are sent: server-sent events (WHATWG HTML, section 9.2), a frame every half second.
 *
 * <p>A frame is gathered once for all, on a pool's thread, and only while there is a viewer; when the last one leaves, the recording
 * of the loops ends with him.
 *
 * <p><b>Back-pressure.</b> Each viewer is a green thread that writes the newest frame there is, and waits until its client has
 * taken it. A slow client misses the frames between; one that takes nothing is cut off after the server's time limit for
 * writing. Nothing is queued for anybody. A new look begins when the one before is done, so a loop that is slow to answer makes frames
 * rarer, and not more.
 *
 * <p><b>One page is one viewer.</b> A page names itself, and when it asks anew (another of its views wants more to be told) the new stream
 * takes the place of the old one at once: nobody is counted twice, and when all places are taken nobody loses his by a click.
 */
final class Viewers implements AutoCloseable {

    static final Duration INTERVAL = Duration.ofMillis(500);

    private static final MediaType EVENTS = MediaType.of("text/event-stream; charset=utf-8");

    private static final int NAME_MAX = 64;

    /** What is gathered for a frame. Blocks. */
    interface Look {
        byte[] frame(int viewers);

        byte[] threads();

        /** Nobody looks any more. */
        void over();
    }

    private record Looked(byte[] frame, byte @Nullable [] threads) {}

    /** The newest frame; the sequence tells it from others. */
    private record Shown(long sequence, byte[] frame, byte @Nullable [] threads) {}

    private final Loop loop;
    private final Offload pool;
    private final int most;
    private final long intervalNanos;
    private final Look look;

    /** How many there are, or are about to be. */
    private final AtomicInteger places = new AtomicInteger();

    /** By the name of their page; those without one are not here. */
    private final ConcurrentHashMap<String, Viewer> named = new ConcurrentHashMap<>();

    // Of the loop.
    private final Set<Viewer> viewers = new LinkedHashSet<>();
    private final Timer next = Timer.of(this::begin);
    private boolean looking;

    /** Written on the loop, read by viewers, which run on it too, except where green threads do not run on their loop. */
    private volatile Shown shown = new Shown(0, new byte[0], null);

    private volatile boolean closed;

    /** @param interval how long from one look to the next, at least */
    Viewers(Loop loop, Offload pool, int most, Duration interval, Look look) {
        this.loop = loop;
        this.pool = pool;
        this.most = most;
        intervalNanos = interval.toNanos();
        this.look = look;
    }

    /**
     * A stream for one more; empty if there are as many as there may be. Any thread.
     *
     * @param page what the page calls itself: who has that name already makes room. Empty, or longer than {@value #NAME_MAX}, is no name.
     */
    Optional<Response> join(Request request, String page, boolean wantsThreads) {
        String name = page.length() > NAME_MAX ? "" : page;
        Viewer before = name.isEmpty() ? null : named.get(name);
        boolean takesOver = before != null && before.left.compareAndSet(false, true); // whoever sets it has the place
        int taken = takesOver ? places.get() : places.incrementAndGet();
        if (closed || !takesOver && taken > most) {
            places.decrementAndGet();
            return Optional.empty();
        }
        Viewer viewer = new Viewer(name, wantsThreads, takesOver ? before : null);
        if (!name.isEmpty()) {
            named.put(name, viewer);
        }
        request.onGone(viewer::gone);
        return Optional.of(Response.stream(EVENTS, viewer));
    }

    /** How many there are. Any thread. */
    int count() {
        return places.get();
    }

    int most() {
        return most;
    }

    private void begin() {
        if (looking || viewers.isEmpty()) {
            return;
        }
        looking = true;
        int count = viewers.size();
        boolean withThreads = viewers.stream().anyMatch(viewer -> viewer.wantsThreads);
        pool.submit(loop, () -> new Looked(look.frame(count), withThreads ? look.threads() : null))
                .onDone(outcome -> {
                    looking = false;
                    switch (outcome) {
                        case Operation.Success<Looked>(Looked looked) -> show(looked);
                        case Operation.Failed<Looked>(Throwable failure) -> {
                            if (!closed) {
                                loop.report("a look at the loops", failure);
                            }
                        }
                    }
                    if (viewers.isEmpty()) {
                        endLooking();
                    } else {
                        loop.start(next, intervalNanos);
                    }
                });
    }

    private void show(Looked looked) {
        byte[] threads = looked.threads;
        shown = new Shown(
                shown.sequence + 1, event("frame", looked.frame), threads == null ? null : event("threads", threads));
        viewers.forEach(Viewer::wake);
    }

    private void endLooking() {
        loop.cancel(next);
        if (!looking) {
            looking = true; // nobody may look while it ends: both touch the same
            pool.submit(loop, () -> {
                        look.over();
                        return true;
                    })
                    .onDone(_ -> {
                        looking = false;
                        begin(); // somebody may have come meanwhile
                    });
        }
    }

    /** Sends all away. Any thread. */
    @Override
    public void close() {
        closed = true;
        loop.execute(() -> viewers.forEach(Viewer::wake));
    }

    private static byte[] event(String name, byte[] json) {
        byte[] head = ("event: " + name + "\ndata: ").getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[head.length + json.length + 2];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(json, 0, all, head.length, json.length); // JSON as we write it has no line ends
        all[all.length - 2] = '\n';
        all[all.length - 1] = '\n';
        return all;
    }

    /** One who looks; identity is what counts. */
    private final class Viewer implements BodyWriter {

        private final String name;
        private final boolean wantsThreads;

        /** Whose place this one has; it is among the viewers until this one is. Of the loop. */
        private @Nullable Viewer before;

        private final AtomicBoolean left = new AtomicBoolean();
        private volatile @Nullable Thread thread;
        private volatile boolean gone;

        Viewer(String name, boolean wantsThreads, @Nullable Viewer before) {
            this.name = name;
            this.wantsThreads = wantsThreads;
            this.before = before;
        }

        @Override
        public void writeTo(BodyOutput out) throws IOException {
            thread = Thread.currentThread();
            loop.run(() -> {
                if (!gone) { // nor has a successor begun before this one
                    viewers.add(this);
                    sendBeforeAway();
                    begin();
                }
            });
            try {
                out.write("retry: 2000\n\n".getBytes(StandardCharsets.US_ASCII));
                out.flush();
                Shown seen = shown;
                while (!closed && !gone) {
                    Shown newest = shown;
                    if (newest.sequence == seen.sequence) {
                        LockSupport.park(this);
                        continue;
                    }
                    seen = newest;
                    out.write(newest.frame);
                    byte[] threads = newest.threads;
                    if (wantsThreads && threads != null) {
                        out.write(threads);
                    }
                    out.flush();
                }
            } finally {
                leave();
            }
        }

        @Override
        public void discard() {
            leave();
        }

        /** Its client is gone: so its place is free at once, and not at the next frame but one. */
        private void gone() {
            gone = true;
            wake();
        }

        private void wake() {
            LockSupport.unpark(thread);
        }

        private void leave() {
            named.remove(name, this);
            if (left.compareAndSet(false, true)) {
                places.decrementAndGet();
                loop.run(() -> {
                    boolean sent = sendBeforeAway(); // if this one has never begun
                    if ((viewers.remove(this) || sent) && viewers.isEmpty()) {
                        endLooking();
                    }
                });
            }
        }

        /** On the loop: who had this place, and who had it before him if he never began. True if one of them was there. */
        private boolean sendBeforeAway() {
            Viewer other = before;
            if (other == null) {
                return false;
            }
            before = null; // or each would hold all that there were
            other.gone();
            boolean earlier = other.sendBeforeAway();
            return viewers.remove(other) || earlier;
        }

        @Override
        public String toString() {
            return "the next frame";
        }
    }
}
