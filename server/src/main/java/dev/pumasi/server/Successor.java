package dev.pumasi.server;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Exit;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Failed;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.runtime.driver.Redirect;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A new supervisor, as the one before it sees it: a child that inherits the listening socket, says "serving" or "refused", and
 * outlives its parent. It knows that it is one by the variable {@value #VARIABLE}, which holds its parent's process id, so that
 * nobody takes himself for one who has merely inherited the variable. Belongs to the loop's thread.
 */
final class Successor {

    static final String VARIABLE = "PUMASI_SUCCEEDS";

    /** Says how many listening sockets it gets. */
    private static final String LISTENERS = "PUMASI_SUCCEEDS_AT";

    private final Loop loop;
    private final Consumer<ReloadOutcome> told;
    private final Timer limit;
    private @Nullable ControlChannel control;
    private @Nullable ChildProcess child;
    private @Nullable String refusal;
    private boolean unwanted;
    private boolean over;

    private Successor(Loop loop, Duration patience, Consumer<ReloadOutcome> told) {
        this.loop = loop;
        this.told = told;
        limit = Timer.of(() -> {
            refusal = "the new supervisor did not serve within " + Supervisor.text(patience);
            end();
        });
    }

    /** Whether this process was started by another supervisor to take its place. */
    static boolean isExpected() {
        String before = System.getenv(VARIABLE);
        return before != null
                && ProcessHandle.current()
                        .parent()
                        .filter(parent -> Long.toString(parent.pid()).equals(before))
                        .isPresent();
    }

    /** How many listening sockets the supervisor before has passed, from {@link Worker#LISTENER} on. */
    static int listeners() {
        String count = System.getenv(LISTENERS);
        return count == null || !count.matches("\\d{1,4}") ? 1 : Integer.parseInt(count);
    }

    /** @param told what has come of it, once, and not inside this call */
    static Successor start(
            Loop loop,
            List<String> command,
            List<Listener> listeners,
            Duration patience,
            Consumer<ReloadOutcome> told) {
        Successor successor = new Successor(loop, patience, told);
        successor.begin(command, listeners, patience);
        return successor;
    }

    private void begin(List<String> command, List<Listener> listeners, Duration patience) {
        StreamSocket.Pair pair;
        try {
            pair = StreamSocket.pair(loop);
        } catch (IOException refused) {
            loop.execute(() -> tell(new ReloadOutcome.Refused(String.valueOf(refused.getMessage()))));
            return;
        }
        control = ControlChannel.open(pair.first(), this::heard, () -> {});
        Command started = Command.of(command)
                .environment(VARIABLE, Long.toString(ProcessHandle.current().pid()))
                .environment(LISTENERS, Integer.toString(listeners.size()))
                .input(Redirect.Plain.INHERIT)
                .output(Redirect.Plain.INHERIT)
                .outlivesLoop()
                .pass(pair.second(), Worker.CONTROL);
        for (int i = 0; i < listeners.size(); i++) {
            started.pass(listeners.get(i), Worker.LISTENER + i);
        }
        started.start(loop).onDone(this::started);
        pair.second().close();
        loop.start(limit, patience.toNanos());
    }

    private void started(Operation.Outcome<ChildProcess> outcome) {
        switch (outcome) {
            case Success<ChildProcess>(ChildProcess process) -> {
                child = process;
                process.exit().onDone(this::ended);
                if (unwanted) {
                    end();
                }
            }
            case Failed<ChildProcess>(Throwable failure) ->
                loop.execute(() -> tell(new ReloadOutcome.Refused(String.valueOf(failure.getMessage()))));
        }
    }

    private void heard(ControlLine line) {
        switch (line.verb()) {
            case ControlLine.SERVING -> {
                if (child != null) {
                    tell(new ReloadOutcome.HandedOver(child.id()));
                }
            }
            case ControlLine.REFUSED -> refusal = line.rest();
            default -> {}
        }
    }

    private void ended(Operation.Outcome<Exit> outcome) {
        String how = outcome instanceof Success<Exit>(Exit exit) ? exit.toString() : "ended";
        tell(new ReloadOutcome.Refused(refusal != null ? refusal : "the new supervisor serves not: " + how));
    }

    /** It is not wanted any more; it is told, and ends its workers itself. */
    void end() {
        unwanted = true;
        try {
            if (child != null) {
                child.kill(UnixSignal.TERM);
            }
        } catch (IOException gone) {
            // That is what was wanted.
        }
    }

    private void tell(ReloadOutcome outcome) {
        if (!over) {
            over = true;
            loop.cancel(limit);
            if (control != null) {
                control.close();
            }
            told.accept(outcome);
        }
    }
}
