package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a test must not leave behind: descriptors of sockets and of drivers, and threads of loops. */
final class LeftBehind {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    static {
        // The first socket of a JVM leaves descriptors of its own behind.
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
                DatagramSocket datagrams = new DatagramSocket()) {
            client.setSoTimeout(1);
            datagrams.setSoTimeout(1);
        } catch (IOException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final int descriptors = descriptors();

    /** Fails unless all is as it was when this object was made. */
    void check() {
        Eventually.until("no loop's thread is left", () -> loopThreads().isEmpty());
        try {
            Eventually.until("descriptors are closed", () -> descriptors() <= descriptors);
        } catch (AssertionError leak) {
            assertEquals(descriptors, descriptors(), "descriptors after the test");
        }
    }

    static List<String> loopThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(LoopThread.class::isInstance)
                .map(Thread::getName)
                .toList();
    }

    /** Sockets, pipes, rings, event counters; files, which class loading opens, not counted. 0 where it cannot be known. */
    static int descriptors() {
        return all().size();
    }

    /** What they are, as the kernel names it. */
    static List<String> all() {
        List<String> ours = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : all) {
                if (isOurs(descriptor)) {
                    ours.add(descriptor.getFileName() + " " + target(descriptor));
                }
            }
        } catch (IOException notLinux) {
            return List.of();
        }
        return ours;
    }

    private static boolean isOurs(Path descriptor) {
        String target = target(descriptor);
        return target.startsWith("socket:") || target.startsWith("anon_inode:") || target.startsWith("pipe:");
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException gone) {
            return "";
        }
    }
}
