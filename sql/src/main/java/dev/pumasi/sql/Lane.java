package dev.pumasi.sql;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Where queries run, with the connections for that: the database threads, or one loop. */
abstract sealed class Lane implements AutoCloseable {

    final Admission admission;
    final Pool pool;

    private Lane(String name, Settings settings, Pool.Connecting connecting) {
        admission = new Admission(name, settings);
        pool = new Pool(name, settings, connecting);
    }

    /**
     * Runs it where it may wait. On {@code home}.
     *
     * @param refused is told on {@code home} if it does not run
     */
    abstract void run(Loop home, Runnable work, Consumer<Throwable> refused);

    /** Runs what may block for a while and is short of none: a cancellation. On {@code home}. */
    abstract void runAside(Loop home, Runnable work);

    /** A connection for one who was admitted. Where queries run. */
    abstract Connection take() throws SQLException, IOException;

    /** Takes it back. Where queries run. */
    abstract void giveBack(Connection connection);

    static void close(Connection connection) {
        try {
            connection.close();
        } catch (SQLException broken) {
            // The pool has noticed, and replaces it.
        }
    }

    @Override
    public void close() {
        pool.close();
    }

    /** Database threads, as many as connections, so that who was admitted finds a thread as well. */
    static final class OnThreads extends Lane {

        /** Cancelled work may still be leaving its thread when the next is let in. */
        private static final int SLACK = 64;

        private final Offload threads;
        private final Offload aside;

        OnThreads(String name, Settings settings, Offload aside) {
            super(name, settings, Callable::call);
            int connections = settings.placement().connections();
            threads = Offload.open("sql-queries", connections, connections + SLACK);
            this.aside = aside;
        }

        @Override
        void run(Loop home, Runnable work, Consumer<Throwable> refused) {
            submit(threads, home, work, refused);
        }

        @Override
        void runAside(Loop home, Runnable work) {
            submit(aside, home, work, _ -> work.run()); // which it does only when the database closes
        }

        private static void submit(Offload where, Loop home, Runnable work, Consumer<Throwable> refused) {
            where.submit(home, () -> {
                        work.run();
                        return true;
                    })
                    .onDone(outcome -> {
                        if (outcome instanceof Operation.Failed<?>(Throwable failure)) {
                            refused.accept(failure);
                        }
                    });
        }

        @Override
        Connection take() throws SQLException {
            return pool.take();
        }

        @Override
        void giveBack(Connection connection) {
            close(connection);
        }

        @Override
        public void close() {
            threads.close();
            super.close();
        }
    }

    /**
     * One loop. Each piece of work has a green thread of its own there, so that an interrupt of the caller's reaches a cancellation in
     * good order instead of closing the driver's socket. The pool's threads only look after the connections: these are made on green threads of the
     * loop too, so that their sockets live there.
     */
    static final class OnLoop extends Lane {

        private final Loop loop;
        private final Offload aside;
        /** The pool itself says after {@code connectMax} why it has none; this is for when no thread is free to ask it. */
        private final Duration takeMax;

        /** Those who wait for a connection aside. Each may take one that is idle, so a green thread leaves them as many. */
        private final AtomicInteger takenAside = new AtomicInteger();

        OnLoop(Loop loop, String name, Settings settings, Offload aside) {
            super(name, settings, plain -> connectOn(loop, settings, plain));
            this.loop = loop;
            takeMax = settings.connectMax().multipliedBy(2);
            this.aside = aside;
        }

        @Override
        void run(Loop home, Runnable work, Consumer<Throwable> refused) {
            home.spawnTrusted(work::run);
        }

        @Override
        void runAside(Loop home, Runnable work) {
            home.spawnTrusted(work::run);
        }

        /** Waiting for a connection that is being made is left to a thread that may block: the pool would wake us from elsewhere. */
        @Override
        Connection take() throws SQLException, IOException {
            Connection idle = pool.idle(takenAside.get());
            if (idle != null) {
                return idle;
            }
            takenAside.incrementAndGet();
            try {
                return aside.submitAbandonable(loop, pool::take).within(takeMax).await();
            } catch (IOException failure) {
                throwWhatJdbcSaid(failure);
                throw failure;
            } finally {
                takenAside.decrementAndGet();
            }
        }

        @Override
        void giveBack(Connection connection) {
            if (pool.isAwaited()) {
                try {
                    aside.call(() -> {
                        close(connection);
                        return true;
                    });
                    return;
                } catch (IOException busy) {
                    // Then here; it may hop.
                }
            }
            close(connection);
        }

        /** By the pool's own thread, which waits. On a loop that is over it fails at once. */
        private static Connection connectOn(Loop loop, Settings settings, Callable<Connection> plain)
                throws SQLException {
            try {
                return new Connecting(loop, settings, plain)
                        .onLoop()
                        .within(settings.connectMax().multipliedBy(2))
                        .await();
            } catch (IOException failure) {
                throwWhatJdbcSaid(failure);
                throw new SQLException(failure.getMessage(), "08001", failure);
            }
        }

        /** An operation wraps what is none of the runtime's own failures. */
        private static void throwWhatJdbcSaid(IOException failure) throws SQLException {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                if (cause instanceof SQLException said) {
                    throw said;
                }
            }
        }
    }

    /** One connection being made, on a green thread of the loop on which it will live. */
    private static final class Connecting extends Promise<Connection> {

        private final Settings settings;
        private final Callable<Connection> plain;

        Connecting(Loop loop, Settings settings, Callable<Connection> plain) {
            super(loop);
            this.settings = settings;
            this.plain = plain;
        }

        Promise<Connection> onLoop() {
            return begun();
        }

        @Override
        protected void begin() {
            loop().spawn(() -> {
                try {
                    Connection made = plain.call();
                    loop().run(() -> arrived(made));
                } catch (Throwable failure) {
                    loop().run(() -> {
                        if (!isDone()) {
                            broken(failure);
                        }
                    });
                }
            });
        }

        private void arrived(Connection made) {
            if (isDone()) {
                loop().spawn(() -> close(made)); // nobody waits for it any more
            } else {
                kept(made);
            }
        }

        @Override
        protected boolean abandon() {
            return true;
        }

        @Override
        protected String what() {
            return "connect to " + settings.printableUrl();
        }
    }
}
