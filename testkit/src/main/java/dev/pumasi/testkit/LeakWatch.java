package dev.pumasi.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves something behind: open descriptors, threads, child processes. Use:
 * {@code @ExtendWith(LeakWatch.class)}.
 *
 * <p>What there is after the test, and after its {@code @AfterEach} methods, is compared with what there was before its
 * {@code @BeforeEach} methods. Things may take a moment to end, so the comparison is repeated until a deadline.
 * Descriptors are told apart by what they refer to; those that the JDK opens by itself when a class is first used (jars,
 * its own files, random devices) do not count, nor do its epoll instances for virtual threads' sockets. Threads count if
 * they are not daemons (JUnit's own apart), or if their name begins with {@code pumasi-}. On systems without {@code /proc} descriptors are
 * not watched.
 */
public final class LeakWatch implements BeforeEachCallback, AfterEachCallback {

    /** How long what ends by itself may take to do so; on a machine that stands still now and then. */
    private static final long SETTLE_NANOS = 30_000_000_000L;

    private static final long LOOK_AGAIN_NANOS = 5_000_000;

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakWatch.class);

    static {
        // The JDK keeps one end of a socket pair from the first use of java.net on; that must not look like a test's.
        try (ServerSocket used = new ServerSocket()) {
            used.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException unusable) {
            throw new UncheckedIOException("cannot listen on the loopback interface", unusable);
        }
    }

    /** What exists at one moment; descriptors by target, with their number. */
    record Snapshot(Map<String, Integer> descriptors, Set<Thread> threads, Set<Long> processes) {

        static Snapshot take() {
            return new Snapshot(openDescriptors(), watchedThreads(), children());
        }

        /** What is here and was not there {@code before}; empty if nothing was left. */
        List<String> beyond(Snapshot before) {
            List<String> left = new ArrayList<>();
            descriptors.forEach((target, count) -> {
                int more = count - before.descriptors.getOrDefault(target, 0);
                if (more > 0) {
                    left.add("descriptor " + target + (more > 1 ? " × " + more : ""));
                }
            });
            for (Thread thread : threads) {
                if (!before.threads.contains(thread)) {
                    left.add("thread \"" + thread.getName() + "\", " + thread.getState() + where(thread));
                }
            }
            for (long process : processes) {
                if (!before.processes.contains(process)) {
                    left.add("process " + process
                            + ProcessHandle.of(process)
                                    .flatMap(handle -> handle.info().commandLine())
                                    .map(line -> ", " + line)
                                    .orElse(""));
                }
            }
            return left;
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put(Snapshot.class, Snapshot.take());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Snapshot before = context.getStore(NAMESPACE).remove(Snapshot.class, Snapshot.class);
        if (before == null) {
            throw new IllegalStateException("no snapshot was taken before " + context.getDisplayName());
        }
        List<String> left = leftAfter(before, SETTLE_NANOS);
        if (!left.isEmpty()) {
            throw new AssertionError(context.getDisplayName() + " left behind:\n  " + String.join("\n  ", left));
        }
    }

    static List<String> leftAfter(Snapshot before, long settleNanos) {
        long began = System.nanoTime();
        List<String> left = Snapshot.take().beyond(before);
        while (!left.isEmpty() && System.nanoTime() - began < settleNanos) {
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            left = Snapshot.take().beyond(before);
        }
        return left;
    }

    private static Map<String, Integer> openDescriptors() {
        Map<String, Integer> found = new TreeMap<>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return found;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path entry : entries) {
                try {
                    String target = Files.readSymbolicLink(entry).toString();
                    if (!isJdksOwn(target)) {
                        found.merge(target, 1, Integer::sum);
                    }
                } catch (NoSuchFileException closedMeanwhile) {
                    // It was open when the folder was read, and is no more.
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + DESCRIPTORS, unreadable);
        }
        return found;
    }

    private static boolean isJdksOwn(String target) {
        return target.endsWith(".jar")
                || target.endsWith(".class")
                || target.endsWith(".so")
                || target.endsWith("/lib/modules")
                || target.endsWith("random")
                || target.startsWith(Path.of(System.getProperty("java.home")).toString())
                || target.startsWith("/sys/fs/cgroup")
                || target.startsWith("/proc/");
    }

    private static Set<Thread> watchedThreads() {
        Set<Thread> found = new LinkedHashSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            String name = thread.getName();
            if ((!thread.isDaemon() && !name.startsWith("junit-")) || name.startsWith("pumasi-")) {
                found.add(thread);
            }
        }
        return found;
    }

    private static String where(Thread thread) {
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length == 0 ? "" : " in " + stack[0];
    }

    private static Set<Long> children() {
        Set<Long> found = new TreeSet<>();
        ProcessHandle.current().descendants().filter(ProcessHandle::isAlive).forEach(child -> found.add(child.pid()));
        return found;
    }
}
