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
import org.jspecify.annotations.Nullable;

/** The live page of {@code pumasi serve}: first its buttons are given, then it is opened, then it is shown what serves. */
final class AdminPage implements AutoCloseable {

    private final Admin.Builder builder;
    private final InetSocketAddress address;
    private final boolean tokenIsFresh;
    private volatile @Nullable Admin page;

    /** Written by the thread that serves, read by those of buttons. */
    private volatile @Nullable Crew crew;

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
    Admin open() throws CannotRun {
        try {
            Admin opened = builder.start();
            page = opened;
            return opened;
        } catch (IOException refused) {
            throw AdminOptions.cannotListen(address, refused);
        }
    }

    /** Shows workers, and lets the buttons act on them. */
    void show(Crew crew) {
        this.crew = crew;
        Admin opened = page;
        if (opened != null && crew instanceof Supervisor supervisor) {
            opened.show(supervisor);
        }
    }

    /** The buttons of a page that shows workers. Before it is opened. */
    AdminPage forCrew(Duration patience) {
        builder.on(Admin.Action.RELOAD, () -> {
            ReloadOutcome outcome = crew().reload().get();
            if (outcome instanceof ReloadOutcome.Refused) {
                throw new CannotRun(SupervisorSocket.text(outcome));
            }
            return SupervisorSocket.text(outcome);
        });
        builder.on(Admin.Action.DRAIN, () -> {
            Crew draining = crew();
            Thread.ofPlatform().name("pumasi-drain").daemon().start(() -> {
                Admin opened = page;
                if (opened != null) {
                    opened.readiness(Readiness.DRAINING);
                }
                draining.stop(patience);
            });
            return "the workers accept no more; what was asked before has up to " + patience.toSeconds()
                    + " s, then the process ends";
        });
        return this;
    }

    private Crew crew() throws CannotRun {
        Crew known = crew;
        if (known == null) {
            throw new CannotRun("it does not serve yet");
        }
        return known;
    }

    /** Says where it is; with the token, if nobody knows it yet. */
    void tell(PrintWriter out) {
        Admin opened = page;
        if (opened != null) {
            out.println("Live page on " + (tokenIsFresh ? opened.link() : opened.url()));
            out.flush();
        }
    }

    @Override
    public void close() {
        Admin opened = page;
        if (opened != null) {
            opened.close();
        }
    }
}
