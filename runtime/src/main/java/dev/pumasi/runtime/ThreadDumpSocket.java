package dev.pumasi.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Where a running process hands out its {@link ThreadDump}: a Unix domain socket in a folder of its user's. Whoever
 * connects is sent the dump as text, and the end of the stream; nothing is read from him. No port is opened and no tool of a JDK
 * is needed.
 *
 * <p><b>Who may ask.</b> The folder is {@code pumasi-USER} in the folder for temporary files, and must be the user's own and
 * closed to others, so that only this user and root get in.
 *
 * <p>A daemon thread of its own answers, one after another, blocking: a dump is wanted most when loops do not turn.
 */
public final class ThreadDumpSocket implements AutoCloseable {

    /** More than any dump: what a reader accepts from a process it does not know. */
    private static final int ANSWER_BYTES_MAX = 1 << 28;

    private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    private final List<Loop> loops;
    private final Path path;
    private final ServerSocketChannel server;

    private ThreadDumpSocket(List<Loop> loops, Path path, ServerSocketChannel server) {
        this.loops = List.copyOf(loops);
        this.path = path;
        this.server = server;
    }

    /**
     * Opens the socket of this process. A process has one: opening a second takes its place.
     *
     * @throws IOException if the folder cannot be made, belongs to somebody else or is open to others; or if this system has
     *     no Unix domain sockets
     */
    public static ThreadDumpSocket open(List<Loop> loops) throws IOException {
        Path path = path(ProcessHandle.current());
        Path folder = folder(ProcessHandle.current());
        try {
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (FileAlreadyExistsException expected) {
            // made by an earlier process, or by somebody else: looked at below
        } catch (UnsupportedOperationException noPermissionsHere) {
            throw new IOException("no folder of one's own can be made here: " + folder, noPermissionsHere);
        }
        ServerSocketChannel server;
        try {
            Files.deleteIfExists(path); // of a process that had our number and was killed
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        } catch (UnsupportedOperationException noUnixSockets) {
            throw new IOException("no Unix domain sockets here", noUnixSockets);
        }
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            requireOurs(folder, path);
        } catch (IOException | RuntimeException refused) {
            server.close();
            Files.deleteIfExists(path);
            throw refused;
        }
        ThreadDumpSocket socket = new ThreadDumpSocket(loops, path, server);
        Thread.ofPlatform()
                .name("pumasi-thread-dumps")
                .daemon()
                .inheritInheritableThreadLocals(false)
                .start(socket::answer);
        return socket;
    }

    /**
     * The dump of another process, or of this one, as text. Blocks for as long as the other takes.
     *
     * @throws NoSuchFileException if that process has no such socket
     * @throws IOException if it cannot be asked
     */
    public static String read(ProcessHandle process) throws IOException {
        Path path = path(process);
        // A process with a view of the file system of its own, as in a container, is reached through /proc where there
        // is one.
        Path theirs = Path.of("/proc", Long.toString(process.pid()), "root")
                .resolve(path.toString().substring(1));
        Path reached = Files.exists(path) || !Files.exists(theirs) ? path : theirs;
        if (!Files.exists(reached)) {
            throw new NoSuchFileException(path.toString());
        }
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(reached))) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (channel.read(buffer) >= 0) {
                text.write(buffer.array(), 0, buffer.position());
                buffer.clear();
                if (text.size() > ANSWER_BYTES_MAX) {
                    throw new IOException("process " + process.pid() + " says more than a dump holds");
                }
            }
            return text.toString(StandardCharsets.UTF_8);
        }
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Takes the socket away. */
    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(path);
    }

    private static Path folder(ProcessHandle process) {
        String user = process.info().user().orElse(System.getProperty("user.name"));
        return Path.of(System.getProperty("java.io.tmpdir"), "pumasi-" + user.replace('/', '_'))
                .toAbsolutePath();
    }

    private static Path path(ProcessHandle process) {
        return folder(process).resolve(process.pid() + ".sock");
    }

    /** In a folder that everybody can write to, somebody else may have been there first. */
    private static void requireOurs(Path folder, Path socket) throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isDirectory()
                || !attributes.owner().equals(Files.getOwner(socket, LinkOption.NOFOLLOW_LINKS))
                || !OWNER_ONLY.containsAll(attributes.permissions())) {
            throw new IOException(folder + " is not this user's own, or is open to others; remove it, or chmod 700 it");
        }
    }

    private void answer() {
        while (server.isOpen()) {
            try (SocketChannel asker = server.accept()) {
                answer(asker);
            } catch (ClosedChannelException over) {
                return;
            } catch (IOException | RuntimeException failure) {
                LOG.log(System.Logger.Level.WARNING, "a thread dump could not be handed out", failure);
                LockSupport.parkNanos(RETRY_NANOS); // no descriptors are left, perhaps, and the next try fails as well
            }
        }
    }

    private void answer(SocketChannel asker) {
        ByteBuffer text = StandardCharsets.UTF_8.encode(ThreadDump.of(loops).toString());
        try {
            while (text.hasRemaining()) {
                asker.write(text);
            }
        } catch (IOException askerHasLeft) {
            // which is his affair
        }
    }
}
