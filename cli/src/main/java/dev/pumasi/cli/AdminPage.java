package dev.pumasi.cli;

import dev.pumasi.admin.Admin;
import dev.pumasi.admin.Readiness;
import dev.pumasi.server.Crew;
import dev.pumasi.server.ReloadOutcome;
import dev.pumasi.server.Supervisor;
import dev.pumasi.server.SupervisorSocket;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The live page of {@code pumasi serve}: first its buttons are given, then it is opened, then it is shown what serves.
 *
 * <p>A supervisor that takes the place of another cannot have its port yet: it opens its page when that one has ended.
 */
final class AdminPage implements AutoCloseable {

    /** How long a predecessor may keep the port: its workers' patience, and some more. */
    private static final Duration PREDECESSOR_MAX = Supervisor.RETIRE_PATIENCE_DEFAULT.plusSeconds(30);

    private static final long TRY_NANOS = Duration.ofMillis(250).toNanos();

    private final Admin.Builder builder;
    private final InetSocketAddress address;
    private final boolean tokenIsFresh;
    private @Nullable Admin page;
    private @Nullable Crew crew;
    private boolean closed;

    AdminPage(Admin.Builder builder, InetSocketAddress address, boolean tokenIsFresh) {
        this.builder = builder;
        this.address = address;
        this.tokenIsFresh = tokenIsFresh;
    }

    /** What a button does. Before it is opened. */
    AdminPage on(Admin.Action action, Callable<String> what) {
        builder.on(action, what);
        return this;
    }

    /** Opens it: it answers from now on, and says that the server warms up. */
    synchronized Admin open() throws CannotRun {
        try {
            Admin opened = builder.start();
            page = opened;
            return opened;
        } catch (IOException refused) {
            throw AdminOptions.cannotListen(address, refused);
        }
    }

    /** The same, or later, if this process takes the place of one that still has the port. */
    void openForCrew(PrintWriter out) throws CannotRun {
        try {
            open();
        } catch (CannotRun taken) {
            if (!Supervisor.succeedsAnother()) {
                throw taken;
            }
            Thread.ofPlatform().name("pumasi-admin-opens").daemon().start(() -> openLater(out, taken));
        }
    }

    private void openLater(PrintWriter out, CannotRun taken) {
        long deadlineNanos = System.nanoTime() + PREDECESSOR_MAX.toNanos();
        while (System.nanoTime() - deadlineNanos < 0) {
            LockSupport.parkNanos(TRY_NANOS);
            synchronized (this) {
                if (closed) {
                    return;
                }
                try {
                    open();
                } catch (CannotRun stillTaken) {
                    continue;
                }
                Crew known = crew;
                if (known != null) {
                    show(known, out);
                }
                return;
            }
        }
        say(out, String.valueOf(taken.getMessage()));
    }

    /** Shows workers, lets the buttons act on them, and says where it is. */
    synchronized void show(Crew shown, PrintWriter out) {
        crew = shown;
        if (page != null && shown instanceof Supervisor supervisor) {
            page.show(supervisor);
            tell(out);
        }
    }

    /** The buttons of a page that shows workers. Before it is opened. */
    AdminPage forCrew(Duration patience) {
        builder.on(Admin.Action.RELOAD, () -> {
            ReloadOutcome outcome =
                    CrewSite.granted(crew(), SupervisorSocket.Wish.RELOAD).get();
            if (outcome instanceof ReloadOutcome.Refused) {
                throw new CannotRun(SupervisorSocket.text(outcome));
            }
            return SupervisorSocket.text(outcome);
        });
        builder.on(Admin.Action.DRAIN, () -> {
            Crew draining = crew();
            Thread.ofPlatform().name("pumasi-drain").daemon().start(() -> {
                drains();
                draining.stop(patience);
            });
            return "the workers accept no more; what was asked before has up to " + patience.toSeconds()
                    + " s, then the process ends";
        });
        return this;
    }

    /** Whoever asks whether it is ready is told that it is not. */
    synchronized void drains() {
        if (page != null) {
            page.readiness(Readiness.DRAINING);
        }
    }

    private synchronized Crew crew() throws CannotRun {
        Crew known = crew;
        if (known == null) {
            throw new CannotRun("it does not serve yet");
        }
        return known;
    }

    /** Says where it is; with the token, if nobody knows it yet. */
    synchronized void tell(PrintWriter out) {
        if (page != null) {
            say(out, "Live page on " + (tokenIsFresh ? page.link() : page.url()));
        }
    }

    /** Others may have something to say at the same time. */
    private static void say(PrintWriter out, String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }

    @Override
    public void close() {
        Admin opened;
        synchronized (this) {
            closed = true;
            opened = page;
        }
        if (opened != null) {
            opened.close();
        }
    }
}
