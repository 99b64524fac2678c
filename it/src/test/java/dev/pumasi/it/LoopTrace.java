package dev.pumasi.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What strace has seen a process do, read for one question: may each system call of a loop's thread stand there? What a
 * loop's thread may ask of the kernel is written down here, and nothing else.
 *
 * <ul>
 *   <li><b>The one call that waits</b>: {@code io_uring_enter}, or {@code epoll_pwait2} and its elder forms.
 *   <li><b>Reading and writing</b>: sockets, pipes, event counters, if the descriptor does not block (the flag is followed from
 *       its making through the whole trace) or the call says so (MSG_DONTWAIT). {@code connect} on such a descriptor.
 *       {@code sendfile} to such a socket, which takes what lies in the kernel's memory ({@code cachestat} has been asked).
 *   <li><b>What only looks at or changes the process's own tables</b>: {@link #AT_ONCE}. {@code statx} of what is open, which
 *       is told not to ask a file server; {@code waitid} that does not hang; {@code close} of what is no file.
 *   <li><b>The JVM's own</b>: memory; starting a thread; classes, read from jars when they are first used.
 *   <li><b>Futexes</b>: waking another thread, always. Waiting by {@code FUTEX_WAIT_BITSET} never: that is a condition variable, and
 *       whatever Java code waits for waits at one, be it a monitor, a lock or a park. Waiting by {@code FUTEX_WAIT} is not Java's: it is a
 *       mutex within the JVM or malloc, held for some instructions, or the barrier at which a safepoint ends. The JVM has
 *       condition variables of its own, too: a thread waits at one for a collection it has caused, or for code to be
 *       deoptimised. No flag tells those from ours, so {@link #WITHOUT_WAITS_OF_THE_JVM} lets the JVM have no reason for either.
 * </ul>
 *
 * <p>Files are opened, read, written, synced, renamed and deleted by the ring, or by a pool's threads; no such call may stand here.
 */
final class LoopTrace {

    /** Nothing is collected, compiled or deoptimised: what waits at a condition variable then is Java code. */
    static final String WITHOUT_WAITS_OF_THE_JVM = "-Xint -XX:+UnlockExperimentalVMOptions -XX:+UseEpsilonGC -Xmx4g";

    private static final Set<String> WAITS_OF_RING = Set.of("io_uring_enter");
    private static final Set<String> WAITS_OF_EPOLL = Set.of("epoll_pwait2", "epoll_pwait", "epoll_wait");

    /** Nothing that these do depends on anything but the kernel's own memory. */
    static final Set<String> AT_ONCE = Set.of(
            "accept4",
            "bind",
            "epoll_ctl",
            "eventfd2",
            "fcntl",
            "getpeername",
            "getsockname",
            "getsockopt",
            "io_uring_register",
            "kill",
            "listen",
            "pidfd_open",
            "pidfd_send_signal",
            "pipe2",
            "setsockopt",
            "shutdown",
            "socket",
            "socketpair",
            // cachestat, by its number where strace is older than it; bytes of a file that are in memory
            "cachestat",
            "syscall_0x1c3",
            // the clock, the thread itself
            "clock_gettime",
            "getcpu",
            "getpid",
            "getrandom",
            "gettid",
            "prctl",
            "restart_syscall",
            "rt_sigaction",
            "rt_sigprocmask",
            "rt_sigreturn",
            "sched_getaffinity",
            "sched_yield",
            "set_robust_list",
            "rseq",
            "sigaltstack",
            "tgkill",
            // memory, and a thread for the pool
            "brk",
            "madvise",
            "mmap",
            "mprotect",
            "mremap",
            "munmap",
            "clone",
            "clone3");

    /** May wait, unless the descriptor says otherwise. */
    private static final Set<String> ON_WHAT_DOES_NOT_BLOCK = Set.of(
            "connect", "read", "readv", "recvfrom", "recvmsg", "sendfile", "sendmsg", "sendto", "write", "writev");

    private static final Set<String> OF_CLASSES = Set.of("lseek", "pread64", "read");
    private static final Pattern CLASSES = Pattern.compile("\\d+<[^>]*(\\.jar|\\.aot|\\.jsa|/lib/modules)>.*");
    private static final Pattern NO_FILE = Pattern.compile("\\d+<(socket|pipe|anon_inode|TCP|TCPv6|UNIX|UDP)\\b.*");

    private static final Pattern LINE = Pattern.compile("(\\d+) +(.*)");
    private static final Pattern CALL = Pattern.compile("(\\w+)\\((.*)\\) += (-?\\d+|\\?|0x[0-9a-f]+)(.*)");
    private static final Pattern RESUMED = Pattern.compile("<\\.\\.\\. \\w+ resumed>(.*)");
    private static final String UNFINISHED = " <unfinished ...>";
    private static final Pattern FIRST_DESCRIPTOR = Pattern.compile("(\\d+)(<.*)?(,.*|$)");
    private static final Pattern PIPE = Pattern.compile("\\[(\\d+)<[^>]*>, (\\d+)<[^>]*>\\].*");
    private static final int O_NONBLOCK = 04000;

    private final Set<Integer> loops;
    private final boolean ring;
    private final Set<Integer> threads;
    private final Set<Integer> nonBlocking;
    private final Map<Integer, String> unfinished = new HashMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();

    private LoopTrace(Set<Integer> loops, boolean ring, Set<Integer> threads, Set<Integer> nonBlocking) {
        this.loops = loops;
        this.ring = ring;
        this.threads = new HashSet<>(threads);
        this.nonBlocking = new HashSet<>(nonBlocking);
    }

    /**
     * Reads a trace.
     *
     * @param loops the loops' threads
     * @param ring whether they wait by a ring
     * @param threads all threads when the trace began
     * @param nonBlocking the descriptors that did not block then
     */
    static LoopTrace read(Path file, Set<Integer> loops, boolean ring, Set<Integer> threads, Set<Integer> nonBlocking)
            throws IOException {
        LoopTrace trace = new LoopTrace(loops, ring, threads, nonBlocking);
        List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        lines.forEach(trace::findThread);
        lines.forEach(trace::take);
        return trace;
    }

    /** Descriptors of a process that do not block. */
    static Set<Integer> nonBlockingNow(long process) throws IOException {
        Set<Integer> found = new HashSet<>();
        try (Stream<Path> all = Files.list(Path.of("/proc/" + process + "/fdinfo"))) {
            for (Path each : all.toList()) {
                for (String line : linesOf(each)) {
                    if (line.startsWith("flags:")
                            && (Integer.parseInt(line.substring(6).strip(), 8) & O_NONBLOCK) != 0) {
                        found.add(Integer.parseInt(each.getFileName().toString()));
                    }
                }
            }
        }
        return found;
    }

    private static List<String> linesOf(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException closedMeanwhile) {
            return List.of();
        }
    }

    /** How often the loops have called what. */
    Map<String, Integer> counts() {
        return counts;
    }

    int count(String... names) {
        return Stream.of(names).mapToInt(name -> counts.getOrDefault(name, 0)).sum();
    }

    /** Calls of a loop's thread that may not stand there. */
    List<String> violations() {
        return violations;
    }

    /** Processes that were started are traced, too, and have descriptors of their own: only threads count. */
    private void findThread(String line) {
        if (line.contains("CLONE_THREAD")) {
            Matcher child =
                    Pattern.compile(".* = (\\d+)$|.*parent_tid=\\[(\\d+)\\].*").matcher(line);
            if (child.matches()) {
                threads.add(Integer.parseInt(child.group(1) != null ? child.group(1) : child.group(2)));
            }
        }
    }

    private void take(String line) {
        Matcher matched = LINE.matcher(line);
        if (!matched.matches()) {
            return;
        }
        int thread = Integer.parseInt(matched.group(1));
        String rest = matched.group(2);
        if (!threads.contains(thread)) {
            return;
        }
        if (rest.endsWith(UNFINISHED)) {
            String begun = rest.substring(0, rest.length() - UNFINISHED.length());
            unfinished.put(thread, begun);
            if (begun.startsWith("close(")) {
                closed(begun.substring(
                        "close(".length())); // another thread may get its number before this line goes on
            }
            return;
        }
        Matcher resumed = RESUMED.matcher(rest);
        boolean goesOn = resumed.matches();
        if (goesOn) {
            rest = unfinished.getOrDefault(thread, "") + resumed.group(1);
        }
        Matcher call = CALL.matcher(rest);
        if (!call.matches()) {
            return; // a signal, or the end of a thread
        }
        String name = call.group(1);
        String arguments = call.group(2);
        if (loops.contains(thread)) {
            counts.merge(name, 1, Integer::sum);
            if (!isAllowed(name, arguments)) {
                violations.add(rest);
            }
        }
        if (!(goesOn && name.equals("close"))) {
            follow(name, arguments, call.group(3));
        }
    }

    private boolean isAllowed(String name, String arguments) {
        Predicate<String> flag = arguments::contains;
        if (OF_CLASSES.contains(name) && CLASSES.matcher(arguments).matches()) {
            return true;
        }
        if (ON_WHAT_DOES_NOT_BLOCK.contains(name)) {
            return NO_FILE.matcher(arguments).matches() && (isNonBlocking(arguments) || flag.test("MSG_DONTWAIT"));
        }
        return switch (name) {
            case "accept4" -> isNonBlocking(arguments);
            case "close" ->
                NO_FILE.matcher(arguments).matches()
                        || CLASSES.matcher(arguments).matches();
            case "statx" -> flag.test("AT_EMPTY_PATH") && flag.test("AT_STATX_DONT_SYNC");
            case "futex" -> !flag.test("FUTEX_WAIT_BITSET") && !flag.test("FUTEX_LOCK_PI");
            case "waitid" -> flag.test("WNOHANG");
            case "clone", "clone3" -> flag.test("CLONE_THREAD");
            default -> (ring ? WAITS_OF_RING : WAITS_OF_EPOLL).contains(name) || AT_ONCE.contains(name);
        };
    }

    private boolean isNonBlocking(String arguments) {
        Matcher descriptor = FIRST_DESCRIPTOR.matcher(arguments);
        return descriptor.matches() && nonBlocking.contains(Integer.parseInt(descriptor.group(1)));
    }

    /** Keeps the list of descriptors that do not block. */
    private void follow(String name, String arguments, String result) {
        boolean asked = arguments.contains("NONBLOCK");
        switch (name) {
            case "accept4", "socket", "eventfd2", "openat", "timerfd_create" -> opened(result, asked);
            case "pipe2", "socketpair" -> {
                Matcher pair = PIPE.matcher(arguments.substring(Math.max(0, arguments.indexOf('['))));
                if (pair.matches()) {
                    opened(pair.group(1), asked);
                    opened(pair.group(2), asked);
                }
            }
            case "fcntl" -> {
                Matcher descriptor = FIRST_DESCRIPTOR.matcher(arguments);
                if (arguments.contains("F_SETFL") && descriptor.matches()) {
                    opened(descriptor.group(1), asked);
                } else if (arguments.contains("F_DUPFD")) {
                    opened(result, isNonBlocking(arguments));
                }
            }
            case "close" -> closed(arguments);
            default -> {}
        }
    }

    private void opened(String descriptor, boolean doesNotBlock) {
        int number = Integer.parseInt(descriptor);
        if (doesNotBlock) {
            nonBlocking.add(number);
        } else {
            nonBlocking.remove(number);
        }
    }

    private void closed(String arguments) {
        Matcher descriptor = FIRST_DESCRIPTOR.matcher(arguments);
        if (descriptor.matches()) {
            nonBlocking.remove(Integer.parseInt(descriptor.group(1)));
        }
    }
}
