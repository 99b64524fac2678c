package dev.pumasi.runtime.driver;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Processes where Pumasi makes no system calls itself: {@code java.lang.ProcessBuilder}. Its streams block and cannot
 * be watched, so a thread stands at each and carries bytes to and from a {@code java.nio.channels.Pipe}, whose end the
 * loop treats like a socket. The end of a process closes a pipe of its own: that is the process's handle.
 *
 * <p>What the JDK has no words for is refused: sockets passed on, groups, limits, signals other than TERM and KILL. And
 * it reports a status of 128 + n both for signal n and for a program that says so; it is read as the former only if the
 * signal was sent from here.
 */
final class NioProcesses implements Processes {

    /** How many threads may carry bytes at once, for one driver. */
    static final int PUMPS_MAX = 1024;

    private static final int SIGTERM = 15;
    private static final int SIGKILL = 9;
    private static final int SIGNALLED = 128;
    private static final int NONE = -1;

    /** One process. What its starter writes is read by the driver's thread, to which it arrives by a queue. */
    private static final class Child {
        final Process process;
        final Pipe end;
        final @Nullable Pipe[] pipes = new @Nullable Pipe[Launch.STREAMS];
        final int[] handles = {NONE, NONE, NONE};
        final List<Runnable> pumps = new ArrayList<>();
        int signalSent;

        Child(Process process, Pipe end) {
            this.process = process;
            this.end = end;
        }
    }

    private final NioSockets sockets;
    private final ProcessHost host;
    private final Map<Integer, Child> children = new HashMap<>();
    private final AtomicInteger pumping = new AtomicInteger();
    private @Nullable SpawnThread thread;
    private boolean closed;

    NioProcesses(NioSockets sockets, ProcessHost host) {
        this.sockets = sockets;
        this.host = host;
    }

    @Override
    public void spawn(Launch launch, long token) {
        if (!launch.passed().isEmpty()
                || launch.group() != ProcessGroup.SHARED
                || !launch.limits().isEmpty()) {
            host.complete(token, -Errno.EOPNOTSUPP);
            return;
        }
        if (thread == null) {
            thread = new SpawnThread();
        }
        if (pumping.get() + Launch.STREAMS > PUMPS_MAX || !thread.offer(() -> start(launch, token))) {
            host.complete(token, -Errno.EAGAIN);
        }
    }

    /** On the thread for it. */
    private void start(Launch launch, long token) {
        int unusable = launch.folderError();
        if (unusable < 0) {
            host.arrive(() -> host.complete(token, unusable));
            return;
        }
        try {
            Child child = started(launch);
            host.arrive(() -> arrived(child, token));
        } catch (IOException refused) {
            int result = NioErrno.of(refused);
            host.arrive(() -> host.complete(token, result));
        }
    }

    private static Child started(Launch launch) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(launch.command());
        builder.environment().clear();
        for (String variable : launch.environment()) {
            int equals = variable.indexOf('=', 1);
            builder.environment().put(variable.substring(0, equals), variable.substring(equals + 1));
        }
        if (launch.folder() != null) {
            builder.directory(launch.folder().toFile());
        }
        builder.redirectInput(theirs(launch.streams().get(0), true));
        builder.redirectOutput(theirs(launch.streams().get(1), false));
        if (launch.streams().get(2) == Redirect.Plain.OUTPUT) {
            builder.redirectErrorStream(true);
        } else {
            builder.redirectError(theirs(launch.streams().get(2), false));
        }
        Pipe end = Pipe.open();
        Process process;
        try {
            process = builder.start();
        } catch (IOException refused) {
            end.sink().close();
            end.source().close();
            throw refused;
        }
        Child child = new Child(process, end);
        var unused = process.onExit().thenRun(() -> close(end.sink()));
        try {
            for (int stream = 0; stream < Launch.STREAMS; stream++) {
                if (launch.streams().get(stream) == Redirect.Plain.PIPE) {
                    pump(child, stream);
                }
            }
        } catch (IOException noDescriptors) {
            discard(child);
            throw noDescriptors;
        }
        return child;
    }

    private static void pump(Child child, int stream) throws IOException {
        Pipe pipe = Pipe.open();
        child.pipes[stream] = pipe;
        child.pumps.add(
                switch (stream) {
                    case 0 -> Pump.input(pipe.source(), child.process.getOutputStream());
                    case 1 -> Pump.output(child.process.getInputStream(), pipe.sink());
                    default -> Pump.output(child.process.getErrorStream(), pipe.sink());
                });
    }

    private static ProcessBuilder.Redirect theirs(Redirect redirect, boolean isInput) {
        return switch (redirect) {
            case Redirect.Plain.PIPE -> ProcessBuilder.Redirect.PIPE;
            case Redirect.Plain.INHERIT -> ProcessBuilder.Redirect.INHERIT;
            case Redirect.Plain.DISCARD, Redirect.Plain.OUTPUT ->
                isInput
                        ? ProcessBuilder.Redirect.from(ProcessBuilder.Redirect.DISCARD.file())
                        : ProcessBuilder.Redirect.DISCARD;
            case Redirect.File(var path, boolean append) ->
                isInput
                        ? ProcessBuilder.Redirect.from(path.toFile())
                        : append
                                ? ProcessBuilder.Redirect.appendTo(path.toFile())
                                : ProcessBuilder.Redirect.to(path.toFile());
        };
    }

    private void arrived(Child child, long token) {
        if (closed) {
            discard(child);
            return;
        }
        for (Runnable pump : child.pumps) {
            pumping.incrementAndGet();
            Thread.ofPlatform().name("pumasi-pump").daemon().start(() -> {
                pump.run();
                pumping.decrementAndGet();
            });
        }
        for (int stream = 0; stream < Launch.STREAMS; stream++) {
            Pipe pipe = child.pipes[stream];
            if (pipe != null) {
                child.handles[stream] = host.adopt(sockets.adopt(stream == 0 ? pipe.sink() : pipe.source()), true);
            }
        }
        int handle = host.adopt(sockets.adopt(child.end.source()), false);
        children.put(handle, child);
        host.complete(token, handle);
    }

    /** Ends a process that nobody will have. */
    private static void discard(Child child) {
        child.process.destroyForcibly();
        close(child.end.source());
        for (Pipe pipe : child.pipes) {
            if (pipe != null) {
                close(pipe.sink());
                close(pipe.source());
            }
        }
        close(child.process.getOutputStream());
        close(child.process.getInputStream());
        close(child.process.getErrorStream());
    }

    private static void close(java.io.Closeable end) {
        try {
            end.close();
        } catch (IOException brokenAlready) {
            // It is closed all the same.
        }
    }

    @Override
    public long id(int process) {
        return known(process).process.pid();
    }

    @Override
    public int pipe(int process, int stream) {
        return known(process).handles[stream];
    }

    @Override
    public void awaitExit(int process, long token) {
        known(process);
        host.awaitReadable(process, token);
    }

    @Override
    public ExitReport reap(int process) {
        Child child = known(process);
        int status = child.process.exitValue();
        return child.signalSent != 0 && status == SIGNALLED + child.signalSent
                ? new ExitReport(true, child.signalSent, false)
                : new ExitReport(false, status, false);
    }

    @Override
    public int signal(int process, int number, boolean wholeGroup) {
        Child child = known(process);
        if (wholeGroup) {
            return -Errno.EOPNOTSUPP;
        }
        int result = signal(child.process.toHandle(), number);
        if (result == 0) {
            child.signalSent = number;
        }
        return result;
    }

    @Override
    public int signalTo(long id, int number) {
        ProcessHandle other = ProcessHandle.of(id).orElse(null);
        return other == null ? -Errno.ESRCH : signal(other, number);
    }

    private static int signal(ProcessHandle process, int number) {
        if (!process.isAlive()) {
            return -Errno.ESRCH;
        }
        boolean known = number == SIGKILL || number == SIGTERM && process.supportsNormalTermination();
        if (!known || process.pid() == ProcessHandle.current().pid()) {
            return -Errno.EOPNOTSUPP;
        }
        boolean sent = number == SIGKILL ? process.destroyForcibly() : process.destroy();
        return sent ? 0 : -Errno.EPERM;
    }

    @Override
    public void close(int process) {
        known(process);
        children.remove(process);
        host.close(process);
    }

    @Override
    public void closing() {
        if (thread != null) {
            thread.close();
        }
        closed = true;
        children.clear();
    }

    private Child known(int process) {
        Child child = children.get(process);
        if (child == null) {
            throw new IllegalStateException("no process has the handle " + process);
        }
        return child;
    }
}
