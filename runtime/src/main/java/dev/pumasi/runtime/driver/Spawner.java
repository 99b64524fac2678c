package dev.pumasi.runtime.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Starts one program: opens what it is to have, spawns it, and closes what only the child needed. Whatever fails,
 * nothing stays open and no process behind. On the {@link SpawnThread}.
 *
 * <p><b>What the child has.</b> Its standard streams, the sockets passed to it, and nothing else: the JDK makes sockets
 * that programs inherit, and a child that held somebody's pipe or port would keep it open. So everything above the
 * highest wanted descriptor is closed on the way.
 */
final class Spawner {

    /** What came of it: {@code result} is 0, or a negated errno. */
    static final class Spawned {
        int result;
        int id;
        /** The process's descriptor ({@code pidfd_open(2)}). */
        int descriptor = NONE;
        /** This end of each stream. */
        final int[] pipes = {NONE, NONE, NONE};
    }

    static final int NONE = -1;

    private static final int O_RDWR = 2;
    private static final int O_WRONLY = 1;
    private static final int O_CREAT = 0x40;
    private static final int O_TRUNC = 0x200;
    private static final int O_APPEND = 0x400;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;
    private static final int AT_FDCWD = -100;
    private static final int MODE_OF_FILES = 0666;
    private static final int F_SETFL = 4;
    static final int F_DUPFD_CLOEXEC = 1030;
    private static final int SIGKILL = 9;
    private static final int STANDARD_ERROR = 2;

    private final Libc libc = new Libc();
    private final Launch launch;
    private final boolean nonBlocking;
    private final Spawned spawned = new Spawned();

    /** What the child has: closed here when it has them. */
    private final List<Integer> theirs = new ArrayList<>();

    /**
     * @param passed copies of the sockets to pass, in the order of {@link Launch#passed}, which are closed here
     * @param nonBlocking whether the driver wants its pipes so
     */
    Spawner(Launch launch, int[] passed, boolean nonBlocking) {
        this.launch = launch;
        this.nonBlocking = nonBlocking;
        Arrays.stream(passed).forEach(theirs::add);
    }

    /** Once. */
    Spawned spawn() {
        int[] passed = theirs.stream().mapToInt(Integer::intValue).toArray();
        try (Arena arena = Arena.ofConfined();
                SpawnCalls calls = new SpawnCalls(arena)) {
            spawned.result = start(arena, calls, passed);
        }
        theirs.forEach(this::close);
        if (spawned.result < 0) {
            discard(libc, spawned);
        }
        return spawned;
    }

    /** Ends a process that nobody will have, and gives back everything of it. */
    static void discard(Libc libc, Spawned spawned) {
        for (int i = 0; i < spawned.pipes.length; i++) {
            if (spawned.pipes[i] != NONE) {
                libc.call(SystemCall.CLOSE, spawned.pipes[i]);
                spawned.pipes[i] = NONE;
            }
        }
        if (spawned.id > 0) {
            libc.call(SystemCall.KILL, spawned.id, SIGKILL);
            Reaping.inBackground(libc, spawned.id);
        }
        if (spawned.descriptor != NONE) {
            libc.call(SystemCall.CLOSE, spawned.descriptor);
        }
    }

    private int start(Arena arena, SpawnCalls calls, int[] passed) {
        // Asked before: the spawn's own error could mean the program as well.
        int unusable = launch.folderError();
        if (unusable < 0) {
            return unusable;
        }
        Path folder = launch.folder();
        if (folder != null) {
            calls.changeFolder(folder.toString());
        }
        int highest = STANDARD_ERROR;
        for (Launch.Passed socket : launch.passed()) {
            highest = Math.max(highest, socket.descriptor());
        }
        int result = passStreams(arena, calls, highest);
        if (result < 0) {
            return result;
        }
        boolean[] taken = new boolean[highest + 1];
        for (int i = 0; i < passed.length; i++) {
            int as = launch.passed().get(i).descriptor();
            taken[as] = true;
            result = pass(calls, passed[i], as, highest);
            if (result < 0) {
                return result;
            }
        }
        for (int gap = STANDARD_ERROR + 1; gap <= highest; gap++) {
            if (!taken[gap]) {
                calls.close(gap);
            }
        }
        closeAbove(calls, highest);
        result = calls.spawn(launch.command(), launch.environment(), launch.group());
        if (result < 0) {
            return result;
        }
        spawned.id = result;
        spawned.descriptor = (int) libc.call(SystemCall.PIDFD_OPEN, spawned.id, 0);
        if (spawned.descriptor < 0) {
            int refused = spawned.descriptor;
            spawned.descriptor = NONE;
            return refused;
        }
        return limit(arena);
    }

    private int passStreams(Arena arena, SpawnCalls calls, int highest) {
        int output = 1;
        for (int stream = 0; stream < launch.streams().size(); stream++) {
            int descriptor = switch (launch.streams().get(stream)) {
                case Redirect.Plain.INHERIT -> stream;
                case Redirect.Plain.OUTPUT -> output;
                case Redirect.Plain.PIPE -> pipe(arena, stream);
                case Redirect.Plain.DISCARD -> open(arena, "/dev/null", O_RDWR);
                case Redirect.File file -> open(arena, file.path().toString(), access(stream, file));
            };
            if (descriptor < 0) {
                return descriptor;
            }
            output = stream == 1 ? descriptor : output;
            int result = descriptor == stream ? 0 : pass(calls, descriptor, stream, highest);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    private static int access(int stream, Redirect.File file) {
        return stream == 0 ? 0 : O_WRONLY | O_CREAT | (file.append() ? O_APPEND : O_TRUNC);
    }

    private int open(Arena arena, String path, int flags) {
        int descriptor = (int)
                libc.call(SystemCall.OPENAT, AT_FDCWD, SpawnCalls.text(arena, path), flags | O_CLOEXEC, MODE_OF_FILES);
        if (descriptor >= 0) {
            theirs.add(descriptor);
        }
        return descriptor;
    }

    /** The child's end. */
    private int pipe(Arena arena, int stream) {
        MemorySegment both = arena.allocate(2 * Integer.BYTES, Integer.BYTES);
        int result = (int) libc.call(SystemCall.PIPE2, both.address(), O_CLOEXEC);
        if (result < 0) {
            return result;
        }
        int reads = both.getAtIndex(ValueLayout.JAVA_INT, 0);
        int writes = both.getAtIndex(ValueLayout.JAVA_INT, 1);
        int ours = stream == 0 ? writes : reads;
        int other = stream == 0 ? reads : writes;
        spawned.pipes[stream] = ours;
        theirs.add(other);
        if (nonBlocking) {
            // Each end is an open file of its own: the child's still blocks, as programs expect.
            libc.call(SystemCall.FCNTL, ours, F_SETFL, O_NONBLOCK);
        }
        return other;
    }

    /**
     * A descriptor among those that the child is given could be overwritten before its turn: it is moved out of the
     * way.
     */
    private int pass(SpawnCalls calls, int descriptor, int as, int highest) {
        int source = descriptor;
        if (descriptor > STANDARD_ERROR && descriptor <= highest) {
            source = (int) libc.call(SystemCall.FCNTL, descriptor, F_DUPFD_CLOEXEC, highest + 1);
            if (source < 0) {
                return source;
            }
            theirs.add(source);
        }
        calls.pass(source, as);
        return 0;
    }

    private static void closeAbove(SpawnCalls calls, int highest) {
        if (SpawnCalls.closesFrom()) {
            calls.closeFrom(highest + 1);
            return;
        }
        // One that is made meanwhile gets through, if whoever makes it does not mark it; nothing better is to be had.
        String[] open = new java.io.File("/proc/self/fd").list();
        for (String number : open == null ? new String[0] : open) {
            int descriptor = Integer.parseInt(number);
            if (descriptor > highest) {
                calls.close(descriptor);
            }
        }
    }

    /** The program has been loaded and begins: limits hold from here on, some microseconds into its start. */
    private int limit(Arena arena) {
        for (Map.Entry<ResourceLimit, Long> limit : launch.limits().entrySet()) {
            MemorySegment both = arena.allocate(ValueLayout.JAVA_LONG, 2);
            both.setAtIndex(ValueLayout.JAVA_LONG, 0, limit.getValue());
            both.setAtIndex(ValueLayout.JAVA_LONG, 1, limit.getValue());
            int result = (int) libc.call(SystemCall.PRLIMIT64, spawned.id, limit.getKey().number, both.address(), 0);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    private void close(int descriptor) {
        libc.call(SystemCall.CLOSE, descriptor);
    }
}
