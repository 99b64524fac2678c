package dev.pumasi.server;

import dev.pumasi.runtime.ProcessSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * How {@code pumasi reload} talks to a {@link Crew}: it connects to its {@link ProcessSocket}, says in a line what it wants, and is told
 * in lines what came of it. The first word of the answer is {@value #DONE} or {@value #REFUSED}.
 *
 * <p>A daemon thread accepts, and each who asks is answered by a virtual thread of his own: nobody waits for one who says nothing.
 */
public final class SupervisorSocket implements AutoCloseable {

    /** What can be asked for. */
    public enum Wish {
        /** {@link Crew#reload}. */
        RELOAD,
        /** {@link Crew#handOver}. */
        HAND_OVER
    }

    /**
     * What a supervisor has answered.
     *
     * @param done whether it has happened
     * @param text what happened, or why not
     */
    public record Answer(boolean done, String text) {}

    private static final String PURPOSE = "supervisor";
    private static final String DONE = "done";
    private static final String REFUSED = "refused";
    private static final int LINE_CHARACTERS_MAX = 64;
    private static final int ANSWER_BYTES_MAX = 1 << 20;
    private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();
    private static final System.Logger LOG = System.getLogger("dev.pumasi.server");

    private final Function<Wish, CompletableFuture<ReloadOutcome>> granted;
    private final ProcessSocket socket;

    private SupervisorSocket(Function<Wish, CompletableFuture<ReloadOutcome>> granted, ProcessSocket socket) {
        this.granted = granted;
        this.socket = socket;
    }

    /**
     * Lets others of this user ask.
     *
     * @param granted does what is asked for, by a {@link Crew}, without waiting
     * @throws IOException as {@link ProcessSocket#open}
     */
    public static SupervisorSocket open(Function<Wish, CompletableFuture<ReloadOutcome>> granted) throws IOException {
        SupervisorSocket opened = new SupervisorSocket(granted, ProcessSocket.open(PURPOSE));
        Thread.ofPlatform()
                .name("pumasi-supervisor-socket")
                .daemon()
                .inheritInheritableThreadLocals(false)
                .start(opened::answer);
        return opened;
    }

    /**
     * Asks the supervisor with that process id, and waits for what comes of it.
     *
     * @throws NoSuchFileException if that process is no supervisor of this user's
     * @throws IOException if it cannot be asked, or ends meanwhile
     */
    public static Answer ask(ProcessHandle process, Wish wish) throws IOException {
        try (SocketChannel channel = ProcessSocket.connect(process, PURPOSE)) {
            OutputStream out = Channels.newOutputStream(channel);
            out.write((wish.name() + "\n").getBytes(StandardCharsets.US_ASCII));
            String answer =
                    new String(Channels.newInputStream(channel).readNBytes(ANSWER_BYTES_MAX), StandardCharsets.UTF_8);
            int space = answer.indexOf(' ');
            if (space < 0) {
                throw new IOException("the supervisor ended without an answer");
            }
            return new Answer(
                    answer.startsWith(DONE), answer.substring(space + 1).strip());
        }
    }

    /** All that this user may ask. */
    public static List<ProcessHandle> all() {
        return ProcessSocket.all(PURPOSE);
    }

    private void answer() {
        while (socket.isOpen()) {
            try {
                SocketChannel asker = socket.accept();
                Thread.ofVirtual().name("pumasi-supervisor-answer").start(() -> answer(asker));
            } catch (ClosedChannelException over) {
                return;
            } catch (IOException failure) {
                LOG.log(System.Logger.Level.WARNING, "who asked the supervisor got no answer", failure);
                LockSupport.parkNanos(RETRY_NANOS); // no descriptors are left, perhaps, and the next try fails as well
            }
        }
    }

    private void answer(SocketChannel asker) {
        try (asker) {
            String answer = answer(wish(asker));
            Channels.newOutputStream(asker).write((answer + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException askerHasLeft) {
            // which is his affair
        }
    }

    private static String wish(SocketChannel asker) throws IOException {
        BufferedReader in = new BufferedReader(Channels.newReader(asker, StandardCharsets.US_ASCII));
        StringBuilder wish = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n' && wish.length() < LINE_CHARACTERS_MAX; next = in.read()) {
            wish.append((char) next);
        }
        return wish.toString();
    }

    private String answer(String wish) {
        try {
            ReloadOutcome outcome = granted.apply(Wish.valueOf(wish)).get();
            return (outcome instanceof ReloadOutcome.Refused ? REFUSED : DONE) + " " + text(outcome);
        } catch (IllegalArgumentException unknown) {
            return REFUSED + " nothing is known of '" + wish + "' here";
        } catch (InterruptedException | ExecutionException over) {
            return REFUSED + " the supervisor has ended";
        }
    }

    /** For the operator. */
    public static String text(ReloadOutcome outcome) {
        return switch (outcome) {
            case ReloadOutcome.Serving(int generation, List<Long> workers, List<Long> leaving) ->
                "generation " + generation + " serves: " + workers(workers) + "; " + workers(leaving)
                        + " of the one before answer what they have, and leave";
            case ReloadOutcome.Taken() -> "connections from now on get the new plan; the others go on as they are";
            case ReloadOutcome.Exchanged(String what) -> what;
            case ReloadOutcome.HandedOver(long supervisor) ->
                "supervisor " + supervisor
                        + " has taken over; the workers of this one answer what they have, and leave";
            case ReloadOutcome.Refused(String why) -> "nothing has changed: " + why;
        };
    }

    private static String workers(List<Long> ids) {
        return (ids.size() == 1 ? "worker " : "workers ")
                + String.join(", ", ids.stream().map(String::valueOf).toList());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
