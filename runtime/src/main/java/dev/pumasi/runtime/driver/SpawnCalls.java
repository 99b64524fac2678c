package dev.pumasi.runtime.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code posix_spawn(3)}: the one safe way to start a program from a JVM, whose memory cannot be forked with one thread
 * of its many. The C library does what lies between the fork and the program, from a list of <em>file actions</em>; one
 * object holds the lists for one start. Lives in the arena that it is given, and belongs to one thread.
 *
 * <p>All its functions take integers and addresses, at most six, and give an integer; so one downcall shape serves all:
 * what a function does not take stays in a register that it does not read (System V on x86-64, AAPCS64).
 */
final class SpawnCalls implements AutoCloseable {

    /** {@code POSIX_SPAWN_…} */
    private static final int SETPGROUP = 0x02;

    private static final int SETSIGMASK = 0x08;
    private static final int SETSID = 0x80;

    /** Larger than glibc's (80 and 336 bytes) and musl's. */
    private static final int OPAQUE_BYTES = 512;

    /** {@code sigset_t} */
    private static final int SIGNAL_SET_BYTES = 128;

    /** As the JDK decodes what the system tells it; ASCII, the C locale's, cannot say much, and UTF-8 contains it. */
    private static final Charset CHARSET = charset();

    private final Arena arena;
    private final long actions;
    private final long attributes;

    SpawnCalls(Arena arena) {
        this.arena = arena;
        actions = zeroed(OPAQUE_BYTES);
        attributes = zeroed(OPAQUE_BYTES);
        call(Function.posix_spawn_file_actions_init, actions);
        call(Function.posix_spawnattr_init, attributes);
    }

    /** Whether the C library has all that is needed; which function is missing if not, or why none can be called. */
    static @Nullable String refusal() {
        return Linked.FAILURE;
    }

    /** Whether the C library closes everything above a descriptor by itself (glibc 2.34). */
    static boolean closesFrom() {
        return Linked.address(Function.posix_spawn_file_actions_addclosefrom_np) != 0;
    }

    /** The child has {@code descriptor} as {@code as}, and keeps it. */
    void pass(int descriptor, int as) {
        call(Function.posix_spawn_file_actions_adddup2, actions, descriptor, as);
    }

    /** The child does not have it; it need not be open. */
    void close(int descriptor) {
        call(Function.posix_spawn_file_actions_addclose, actions, descriptor);
    }

    /** The child has none from this one on. */
    void closeFrom(int descriptor) {
        call(Function.posix_spawn_file_actions_addclosefrom_np, actions, descriptor);
    }

    void changeFolder(String folder) {
        call(Function.posix_spawn_file_actions_addchdir_np, actions, text(folder));
    }

    /** Starts the program: its process id, or a negated errno. Returns when the program has been loaded. */
    int spawn(List<String> command, List<String> environment, ProcessGroup group) {
        // A Java thread's mask is the JVM's own affair (it has SIGQUIT blocked); a child begins with an empty one.
        call(Function.posix_spawnattr_setsigmask, attributes, zeroed(SIGNAL_SET_BYTES));
        int flags = switch (group) {
            case SHARED -> SETSIGMASK;
            case OWN -> SETSIGMASK | SETPGROUP;
            case SESSION -> SETSIGMASK | SETSID;
        };
        call(Function.posix_spawnattr_setflags, attributes, flags);
        MemorySegment id = arena.allocate(Integer.BYTES, Integer.BYTES);
        int result = call(
                Function.posix_spawnp,
                id.address(),
                text(command.getFirst()),
                actions,
                attributes,
                texts(command),
                texts(environment));
        return result != 0 ? -result : id.get(java.lang.foreign.ValueLayout.JAVA_INT, 0);
    }

    @Override
    public void close() {
        call(Function.posix_spawn_file_actions_destroy, actions);
        call(Function.posix_spawnattr_destroy, attributes);
    }

    private long zeroed(int bytes) {
        return arena.allocate(bytes, Long.BYTES).address();
    }

    /** A table of texts with a null at its end. */
    private long texts(List<String> texts) {
        MemorySegment table = arena.allocate(JAVA_LONG, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            table.setAtIndex(JAVA_LONG, i, text(texts.get(i)));
        }
        return table.address();
    }

    private long text(String text) {
        return text(arena, text);
    }

    /** The address of a text with a NUL at its end. */
    static long text(Arena arena, String text) {
        byte[] bytes = text.getBytes(CHARSET);
        MemorySegment memory = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
        return memory.address();
    }

    private static Charset charset() {
        Charset theirs = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);
        return theirs.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : theirs;
    }

    private static int call(Function function, long a) {
        return call(function, a, 0, 0, 0, 0, 0);
    }

    private static int call(Function function, long a, long b) {
        return call(function, a, b, 0, 0, 0, 0);
    }

    private static int call(Function function, long a, long b, long c) {
        return call(function, a, b, c, 0, 0, 0);
    }

    @SuppressWarnings("NullAway") // nobody has an instance where nothing is linked
    private static int call(Function function, long a, long b, long c, long d, long e, long f) {
        MemorySegment address = MemorySegment.ofAddress(Linked.address(function));
        try {
            // The upper half of the register is not the function's.
            return (int) (long) Linked.CALL.invokeExact(address, a, b, c, d, e, f);
        } catch (Throwable impossible) {
            throw new AssertionError("a downcall threw", impossible);
        }
    }

    /** By the names of the C library. */
    @SuppressWarnings("checkstyle:ConstantName")
    private enum Function {
        posix_spawn_file_actions_init,
        posix_spawn_file_actions_destroy,
        posix_spawn_file_actions_adddup2,
        posix_spawn_file_actions_addclose,
        posix_spawn_file_actions_addchdir_np,
        posix_spawn_file_actions_addclosefrom_np,
        posix_spawnattr_init,
        posix_spawnattr_destroy,
        posix_spawnattr_setflags,
        posix_spawnattr_setsigmask,
        posix_spawnp
    }

    /** Linked when the first process is started: most programs never start one. */
    private static final class Linked {

        static final @Nullable MethodHandle CALL;
        static final @Nullable String FAILURE;
        private static final long[] ADDRESSES = new long[Function.values().length];

        static {
            @Nullable MethodHandle linked = null;
            @Nullable String failure = Libc.isSupported() ? null : Libc.unsupportedReason();
            try {
                Linker linker = Linker.nativeLinker();
                linked = linker.downcallHandle(FunctionDescriptor.of(
                        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
                for (Function function : Function.values()) {
                    long address = linker.defaultLookup()
                            .find(function.name())
                            .map(MemorySegment::address)
                            .orElse(0L);
                    ADDRESSES[function.ordinal()] = address;
                    if (address == 0 && function != Function.posix_spawn_file_actions_addclosefrom_np) {
                        failure = "the C library has no " + function;
                    }
                }
            } catch (RuntimeException | LinkageError refused) {
                failure = "no posix_spawn through java.lang.foreign here (" + refused.getMessage() + ")";
            }
            CALL = linked;
            FAILURE = failure;
        }

        static long address(Function function) {
            return ADDRESSES[function.ordinal()];
        }
    }
}
