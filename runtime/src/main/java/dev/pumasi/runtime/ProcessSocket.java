package dev.pumasi.runtime;

import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * A Unix domain socket by which other processes of the same user talk to this one; it is found by this one's process id.
 *
 * <p><b>Who gets in.</b> The folder is {@code pumasi-USER} in the folder for temporary files, and must be the user's own and
 * closed to others, so that only this user and root do.
 */
public final class ProcessSocket implements AutoCloseable {

    private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();
    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private final Path path;
    private final ServerSocketChannel server;

    private ProcessSocket(Path path, ServerSocketChannel server) {
        this.path = path;
        this.server = server;
    }

    /**
     * Opens the one of this process for that purpose: opening a second takes its place.
     *
     * @param purpose the ending of its name
     * @throws IOException if the folder cannot be made, belongs to somebody else or is open to others; or if this system has
     *     no Unix domain sockets
     */
    public static ProcessSocket open(String purpose) throws IOException {
        Path path = path(ProcessHandle.current(), purpose);
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
        return new ProcessSocket(path, server);
    }

    /**
     * Connects to another process's, or to this one's.
     *
     * @throws NoSuchFileException if that process has none
     */
    public static SocketChannel connect(ProcessHandle process, String purpose) throws IOException {
        return SocketChannel.open(address(process, purpose));
    }

    /**
     * Where another process's is, for who connects in a way of his own. Looks at files.
     *
     * @throws NoSuchFileException if that process has none
     */
    public static UnixDomainSocketAddress address(ProcessHandle process, String purpose) throws NoSuchFileException {
        Path path = path(process, purpose);
        // A process with a view of the file system of its own, as in a container, is reached through /proc where there
        // is one.
        Path theirs = Path.of("/proc", Long.toString(process.pid()), "root")
                .resolve(path.toString().substring(1));
        Path reached = Files.exists(path) || !Files.exists(theirs) ? path : theirs;
        if (!Files.exists(reached)) {
            throw new NoSuchFileException(path.toString());
        }
        return UnixDomainSocketAddress.of(reached);
    }

    /** The processes of this user that have one for that purpose, and run. */
    public static List<ProcessHandle> all(String purpose) {
        List<ProcessHandle> all = new ArrayList<>();
        String ending = "." + purpose;
        String[] names = folder(ProcessHandle.current()).toFile().list();
        for (String name : names == null ? new String[0] : names) {
            if (name.endsWith(ending)) {
                try {
                    long pid = Long.parseLong(name.substring(0, name.length() - ending.length()));
                    ProcessHandle.of(pid).ifPresent(all::add);
                } catch (NumberFormatException notOurs) {
                    continue;
                }
            }
        }
        return all;
    }

    /**
     * Takes away all that a process of this user has left behind, which has ended without being able to do so itself. By whoever has
     * waited for its end: only he knows that its number has not been given to another.
     */
    public static void removeAllOf(long pid) {
        File[] left = folder(ProcessHandle.current()).toFile().listFiles((_, name) -> name.startsWith(pid + "."));
        for (File one : left == null ? new File[0] : left) {
            if (!one.delete() && one.exists()) {
                LOG.log(System.Logger.Level.DEBUG, "{0} is left behind by a process that has ended", one);
            }
        }
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Talks to one who has connected, blocking. That he leaves is his affair, and no failure. */
    interface Conversation {
        void with(SocketChannel asker) throws IOException;
    }

    /** Talks to whoever connects, one after another, on a daemon thread of its own, until this is closed. */
    void converse(String thread, Conversation conversation) {
        Thread.ofPlatform()
                .name(thread)
                .daemon()
                .inheritInheritableThreadLocals(false)
                .start(() -> converse(conversation));
    }

    private void converse(Conversation conversation) {
        while (isOpen()) {
            try (SocketChannel asker = accept()) {
                conversation.with(asker);
            } catch (ClosedChannelException over) {
                return;
            } catch (IOException | RuntimeException failure) {
                LOG.log(System.Logger.Level.WARNING, path + " could not be answered", failure);
                LockSupport.parkNanos(RETRY_NANOS); // no descriptors are left, perhaps, and the next try fails as well
            }
        }
    }

    /** The next who connects. Blocks. */
    public SocketChannel accept() throws IOException {
        return server.accept();
    }

    public boolean isOpen() {
        return server.isOpen();
    }

    /** Takes it away. */
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

    private static Path path(ProcessHandle process, String purpose) {
        return folder(process).resolve(process.pid() + "." + purpose);
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
}
