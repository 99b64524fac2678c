package dev.pumasi.runtime;

import dev.pumasi.runtime.NameQuery.Answer;
import dev.pumasi.runtime.NameQuery.Found;
import dev.pumasi.runtime.NameQuery.Refused;
import dev.pumasi.runtime.driver.Clock;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Names of hosts, and their addresses: what blocks in a look-up blocks elsewhere, and who asked is woken by its own loop.
 *
 * <p><b>The way of a name.</b> An address that is written out, {@code localhost}, {@code .invalid} and what is no name at
 * all ({@link HostName}) never leave the loop. Nor does a name whose answer is known. Any other becomes a {@link NameQuery}:
 * whoever asks for the same name meanwhile, on whatever loop, waits for the same query. One of a few threads of this
 * object's own asks the {@link NameSource}, the JDK's resolver unless another is given, and posts the answer to the loops.
 *
 * <p><b>What is remembered.</b> Answers, and refusals for a shorter time, in {@value #SETS} sets of {@value #WAYS}, as in a
 * processor's cache: a name belongs to one set, and pushes the one out that was asked for longest ago. A set is an
 * immutable list in an atomic field, so nobody who asks takes a lock. (A green thread that met one would park, and be woken
 * by whoever held it, from another thread: a hop.)
 *
 * <p><b>A resolver that hangs</b> holds one thread for each name, however many ask for it, and {@link
 * NamesSettings#lookUpsMax} threads at most; nobody else's threads. Who asked has its time limit all the same. A query that
 * found no thread within that limit is dropped, because nobody waits for it any more.
 *
 * <p><b>What it will not do.</b> It does not speak DNS itself and so does not know how long the name's own server allows an
 * answer to be kept: see {@code docs/names.md} for why. Below it the JDK has a cache of its own ({@code
 * networkaddress.cache.ttl}, 30 s), so an answer can be older than {@link NamesSettings#answerTtl} by that.
 *
 * <p>Any thread may call any method.
 */
public final class Names implements AutoCloseable {

    static final int SETS = 256;
    static final int WAYS = 4;

    /** How long a thread without work stays. */
    private static final Duration IDLE_MAX = Duration.ofSeconds(10);

    private static final List<InetAddress> LOOPBACK =
            List.of(InetAddress.ofLiteral("::1"), InetAddress.ofLiteral("127.0.0.1"));

    /** One name of a set. */
    private record Entry(NameQuery query, @Nullable Entry next) {}

    /** Opened when it is first needed; its threads come and go with the work. */
    private static final class Shared {
        static final Names NAMES = openForever(NameSource.JDK);
    }

    private final NamesSettings settings;
    private final NameSource source;
    private final Clock clock;
    private final String threadName;
    private final AtomicReferenceArray<@Nullable Entry> sets = new AtomicReferenceArray<>(SETS);
    private final LinkedTransferQueue<NameQuery> queue = new LinkedTransferQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger threads = new AtomicInteger();
    private final Set<NameQuery> looking =
            ConcurrentHashMap.newKeySet(); // touched by this object's threads and close()
    private final LongAdder asked = new LongAdder();
    private final LongAdder known = new LongAdder();
    private final LongAdder joined = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private volatile boolean closed;

    private Names(NamesSettings settings, NameSource source, Clock clock, String threadName) {
        this.settings = settings;
        this.source = source;
        this.clock = clock;
        this.threadName = threadName;
    }

    /** The JVM's own, with {@link NamesSettings#DEFAULT} and the JDK's resolver. It is never closed. */
    public static Names shared() {
        return Shared.NAMES;
    }

    public static Names open(NamesSettings settings, NameSource source) {
        return open(settings, source, Clock.SYSTEM);
    }

    /** As {@link #open(NamesSettings, NameSource)}; answers grow old by {@code clock}. */
    public static Names open(NamesSettings settings, NameSource source, Clock clock) {
        return new Names(settings, source, clock, "pumasi-names");
    }

    /** For the whole JVM. */
    static Names openForever(NameSource source) {
        return new Names(NamesSettings.DEFAULT, source, Clock.SYSTEM, "shared-names");
    }

    /**
     * Resolves {@code name}: a host's name, or an address written out. Never blocks.
     *
     * @param loop where the operation ends, and those who wait for it are told
     * @return yields at least one address, in the order in which they should be tried; fails with {@link
     *     Failure#NAME_UNKNOWN}, {@link Failure#NAME_MALFORMED}, {@link Failure#TIMED_OUT}, {@link Failure#REJECTED} or, when
     *     this was closed, {@link Failure#CLOSED}
     */
    public Operation<List<InetAddress>> resolve(Loop loop, String name) {
        return new NameLookUp(loop, this, name).started();
    }

    public NamesSettings settings() {
        return settings;
    }

    public NamesStatus status() {
        return new NamesStatus(
                threads.get(), waiting.get(), looking.size(), asked.sum(), known.sum(), joined.sum(), rejected.sum());
    }

    /** Forgets all answers. */
    public void forget() {
        for (int set = 0; set < SETS; set++) {
            sets.set(set, null);
        }
    }

    /**
     * Takes no more, and fails what is in progress with {@link Failure#CLOSED}. Does not wait for a look-up that hangs: its
     * thread, a daemon, leaves when the resolver lets it go. {@link #shared} stays open.
     */
    @Override
    public void close() {
        if (this == shared()) {
            return;
        }
        closed = true;
        for (NameQuery left = queue.poll(); left != null; left = queue.poll()) {
            waiting.decrementAndGet();
            left.end(closedNow());
        }
        looking.forEach(query -> query.end(closedNow()));
        for (int i = threads.get(); i > 0; i--) {
            queue.offer(new NameQuery("", clock.nanoTime())); // wakes a thread, which then sees that this is closed
        }
    }

    // ------------------------------------------------------------------------------ for look-ups

    List<InetAddress> loopback() {
        return settings.choice().order(LOOPBACK);
    }

    void countKnown() {
        known.increment();
    }

    void countRejected() {
        rejected.increment();
    }

    /** The query of this name that is in progress, or whose answer still counts; else a new one. */
    NameQuery query(String name) {
        long nowNanos = clock.nanoTime();
        int set = setOf(name);
        while (true) {
            Entry before = sets.get(set);
            for (Entry entry = before; entry != null; entry = entry.next) {
                NameQuery query = entry.query;
                if (query.name.equals(name) && query.isCurrent(nowNanos)) {
                    if (query.answer() == null) {
                        joined.increment();
                    }
                    return query;
                }
            }
            NameQuery query = new NameQuery(name, nowNanos);
            if (sets.compareAndSet(set, before, new Entry(query, without(before, name, nowNanos, WAYS - 1)))) {
                ask(query);
                return query;
            }
        }
    }

    static int setOf(String name) {
        int hash = name.hashCode();
        return (hash ^ hash >>> 16) & SETS - 1;
    }

    /** The first {@code left} entries that are worth keeping. */
    private static @Nullable Entry without(@Nullable Entry from, String name, long nowNanos, int left) {
        if (from == null || left == 0) {
            return null;
        }
        return from.query.name.equals(name) || !from.query.isCurrent(nowNanos)
                ? without(from.next, name, nowNanos, left)
                : new Entry(from.query, without(from.next, name, nowNanos, left - 1));
    }

    // ------------------------------------------------------------------------------ the threads

    private void ask(NameQuery query) {
        if (waiting.incrementAndGet() > settings.waitingMax()) {
            waiting.decrementAndGet();
            rejected.increment();
            query.end(new Refused(Failure.REJECTED, null, query.askedNanos));
            return;
        }
        queue.offer(query);
        // Looked at after the offer, as close() drains after it has set it: one of the two finds what came between.
        if (closed && queue.remove(query)) {
            waiting.decrementAndGet();
            query.end(closedNow());
            return;
        }
        // After the offer, too: a thread that leaves counts itself out first and then looks at the queue again.
        if (threads.get() - looking.size() < waiting.get()) {
            addThread();
        }
    }

    private void addThread() {
        int before = threads.get();
        while (before < settings.lookUpsMax()) {
            if (threads.compareAndSet(before, before + 1)) {
                Thread thread = Thread.ofPlatform()
                        .name(threadName + "-" + before)
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .unstarted(this::serve);
                thread.setContextClassLoader(ClassLoader.getSystemClassLoader()); // not that of who happened to ask
                thread.start();
                return;
            }
            before = threads.get();
        }
    }

    private void serve() {
        do {
            try {
                NameQuery query = queue.poll(IDLE_MAX.toNanos(), TimeUnit.NANOSECONDS);
                while (query != null && !closed) {
                    lookUp(query);
                    query = queue.poll(IDLE_MAX.toNanos(), TimeUnit.NANOSECONDS);
                }
            } catch (InterruptedException stray) {
                // Left behind by a source that was interrupted, or interrupted itself; nobody else interrupts us.
            }
            threads.decrementAndGet();
        } while (!closed && !queue.isEmpty() && takePlaceAgain());
    }

    private boolean takePlaceAgain() {
        int before = threads.get();
        while (before < settings.lookUpsMax()) {
            if (threads.compareAndSet(before, before + 1)) {
                return true;
            }
            before = threads.get();
        }
        return false;
    }

    private void lookUp(NameQuery query) {
        looking.add(query); // before it is counted out of the queue: rather a thread too many than one too few
        waiting.decrementAndGet();
        if (closed) { // looked at after the addition, as close() looks through them after it has set it
            query.end(closedNow());
        } else if (clock.nanoTime() - query.askedNanos > Loop.nanos(settings.limit())) {
            query.end(new Refused(Failure.TIMED_OUT, null, query.askedNanos));
        } else {
            asked.increment();
            query.end(answer(query));
        }
        looking.remove(query);
    }

    private Answer answer(NameQuery query) {
        try {
            List<InetAddress> addresses = settings.choice().order(source.lookUp(query.name));
            return addresses.isEmpty()
                    ? refused(Failure.NAME_UNKNOWN, null)
                    : new Found(addresses, expiry(settings.answerTtl()));
        } catch (UnknownHostException unknown) {
            return refused(Failure.NAME_UNKNOWN, unknown);
        } catch (Throwable defect) { // of the source; whoever waits must learn of it
            return new Refused(Failure.IO, defect, clock.nanoTime());
        }
    }

    private Refused refused(Failure why, @Nullable Throwable cause) {
        return new Refused(why, cause, expiry(settings.refusalTtl()));
    }

    private long expiry(Duration ttl) {
        return clock.nanoTime() + Loop.nanos(ttl);
    }

    private Refused closedNow() {
        return new Refused(Failure.CLOSED, null, clock.nanoTime());
    }
}
