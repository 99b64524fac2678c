package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Launch;
import dev.pumasi.runtime.driver.ProcessGroup;
import dev.pumasi.runtime.driver.Redirect;
import dev.pumasi.runtime.driver.ResourceLimit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A program to start as a child process, and how. Each method changes this object and returns it; {@link #start} may be
 * called several times, and starts a process each time. Not thread-safe.
 *
 * <p>Unless something else is said: the program reads nothing, what it says comes through a pipe ({@link
 * ChildProcess#output}), its complaints go where this process's go; it has this process's environment, working folder
 * and process group; it may take as long as it likes; and when its loop stops, it is ended.
 *
 * <p>The {@code nio} driver starts processes as the JDK does, and refuses with {@link Failure#NOT_SUPPORTED}: groups
 * and sessions, limits on resources, and sockets passed on.
 */
public final class Command {

    /** How long a process that was asked to end may take before it is killed. */
    public static final Duration PATIENCE_DEFAULT = Duration.ofSeconds(2);

    private final List<String> words;
    private final Map<String, String> environment = new TreeMap<>(System.getenv());
    private final Redirect[] streams = {Redirect.Plain.DISCARD, Redirect.Plain.PIPE, Redirect.Plain.INHERIT};
    private final List<ProcessStart.Passed> passed = new ArrayList<>();
    private final Map<ResourceLimit, Long> limits = new EnumMap<>(ResourceLimit.class);
    private @Nullable Path folder;
    private ProcessGroup group = ProcessGroup.SHARED;
    private @Nullable Loop passedFrom;
    private @Nullable Duration timeLimit;
    private Duration patience = PATIENCE_DEFAULT;
    private boolean takesGroupAlong;
    private boolean outlivesLoop;

    private Command(List<String> words) {
        this.words = words;
    }

    /**
     * The program, and its arguments. A name without a slash is looked for on this process's {@code PATH}. No shell
     * reads this.
     */
    public static Command of(String program, String... arguments) {
        List<String> words = new ArrayList<>(List.of(program));
        words.addAll(List.of(arguments));
        return of(words);
    }

    /** As {@link #of(String, String...)}, program and arguments in one list. */
    public static Command of(List<String> words) {
        if (words.isEmpty() || words.getFirst().isEmpty()) {
            throw new IllegalArgumentException("a command has a program");
        }
        words.forEach(Command::requireNoNul);
        return new Command(List.copyOf(words));
    }

    /** Sets an environment variable. */
    public Command environment(String name, String value) {
        if (name.isEmpty() || name.indexOf('=') >= 0) {
            throw new IllegalArgumentException("no environment variable is called \"" + name + '"');
        }
        requireNoNul(name);
        requireNoNul(value);
        environment.put(name, value);
        return this;
    }

    /** Removes all environment variables: this process's, and those set before. */
    public Command emptyEnvironment() {
        environment.clear();
        return this;
    }

    /** The working folder. */
    public Command folder(Path folder) {
        requireNoNul(folder.toString());
        this.folder = folder;
        return this;
    }

    /** Where standard input comes from. */
    public Command input(Redirect redirect) {
        streams[0] = notToOutput(redirect);
        return this;
    }

    /** Where standard output goes. */
    public Command output(Redirect redirect) {
        streams[1] = notToOutput(redirect);
        return this;
    }

    /** Where standard error goes. */
    public Command error(Redirect redirect) {
        streams[2] = redirect;
        return this;
    }

    /** A process group, which it leads, or a session. */
    public Command group(ProcessGroup group) {
        this.group = group;
        return this;
    }

    /**
     * When the process has ended, whoever is left of its group is killed: grandchildren do not outlive it. Needs a
     * {@link #group} of its own.
     */
    public Command takesGroupAlong() {
        takesGroupAlong = true;
        return this;
    }

    /**
     * Limits what it may use. The limits are set as soon as the program has been loaded; code of the program that runs
     * within some microseconds from then is not bound by them.
     */
    public Command limit(ResourceLimit resource, long most) {
        if (most < 0) {
            throw new IllegalArgumentException(resource + " cannot be limited to " + most);
        }
        limits.put(resource, most);
        return this;
    }

    /**
     * When it has not ended by then, it is asked to end (SIGTERM), and killed when it still runs after {@link
     * #patience}. If it has a group of its own, the group is asked, and whoever is left of it when the process has
     * ended is killed. {@link ChildProcess#isOverdue} then says so.
     */
    public Command timeLimit(Duration limit) {
        timeLimit = limit;
        return this;
    }

    /** How long it may take to end when it was asked to; {@link #PATIENCE_DEFAULT} unless set. */
    public Command patience(Duration patience) {
        this.patience = patience;
        return this;
    }

    /** When its loop stops, it goes on, and is reaped when it ends; but its pipes are closed. */
    public Command outlivesLoop() {
        outlivesLoop = true;
        return this;
    }

    /**
     * The child gets a listening socket as its descriptor {@code descriptor}. Both then accept from it. It is
     * non-blocking unless the driver is io_uring: that is a property of the socket, and not of who holds it.
     *
     * @param descriptor from 3 to {@value Launch#DESCRIPTOR_MAX}, or 0: as standard input, whatever {@link #input} says
     */
    public Command pass(Listener listener, int descriptor) {
        return pass(listener.loop(), listener::openHandle, descriptor);
    }

    /** As {@link #pass(Listener, int)}, for a connection. */
    public Command pass(StreamSocket socket, int descriptor) {
        return pass(socket.loop(), socket::openHandle, descriptor);
    }

    private Command pass(Loop from, IntSupplier handle, int descriptor) {
        if (descriptor != 0 && descriptor < Launch.STREAMS || descriptor > Launch.DESCRIPTOR_MAX) {
            throw new IllegalArgumentException("a child can be given descriptors from " + Launch.STREAMS + " to "
                    + Launch.DESCRIPTOR_MAX + ", and 0, not " + descriptor);
        }
        if (passed.stream().anyMatch(other -> other.descriptor() == descriptor)) {
            throw new IllegalArgumentException("descriptor " + descriptor + " is taken already");
        }
        passed.add(new ProcessStart.Passed(handle, descriptor));
        passedFrom = from;
        return this;
    }

    /**
     * Starts the program; the operation yields the process once it has been loaded. Any thread. Fails with {@link
     * Failure#NOT_FOUND} if there is no such program, or working folder, or file to read; {@link
     * Failure#NOT_EXECUTABLE}; {@link Failure#PERMISSION_DENIED}; {@link Failure#TOO_MANY_PROCESSES}, {@link
     * Failure#TOO_MANY_DESCRIPTORS}; {@link Failure#NOT_SUPPORTED} where the driver cannot. What is still waiting to be
     * started cannot be cancelled.
     */
    public Operation<ChildProcess> start(Loop loop) {
        if (takesGroupAlong && group == ProcessGroup.SHARED) {
            throw new IllegalStateException(name() + " cannot take a group along that is not its own");
        }
        if (passedFrom != null && passedFrom != loop) {
            throw new IllegalStateException("a socket of " + passedFrom + " is passed on by a process of that loop");
        }
        Launch launch = new Launch(
                words,
                environment.entrySet().stream()
                        .map(variable -> variable.getKey() + "=" + variable.getValue())
                        .toList(),
                folder,
                List.of(streams),
                List.of(),
                group,
                limits);
        return new ProcessStart(
                        loop,
                        launch,
                        List.copyOf(passed),
                        new ProcessRules(name(), timeLimit, patience, takesGroupAlong, outlivesLoop))
                .started();
    }

    private String name() {
        return words.getFirst();
    }

    private static Redirect notToOutput(Redirect redirect) {
        if (redirect == Redirect.Plain.OUTPUT) {
            throw new IllegalArgumentException("only standard error can go where standard output goes");
        }
        return redirect;
    }

    private static void requireNoNul(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "a NUL cannot be handed to a process: \"" + text.replace("\0", "\\0") + '"');
        }
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
