package dev.pumasi.runtime.driver;

import com.sun.nio.file.ExtendedOpenOption;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Files by {@code java.nio}, for systems whose calls Pumasi does not make itself. What it cannot do as the contract has it,
 * it does as well as it can or refuses: space is not reserved ({@link Errno#EOPNOTSUPP}); a rename that must not replace
 * looks first, and what appears between the look and the rename is replaced; the attributes of an open file, but for its
 * length, are those of what lies at its path by now; beneath a folder only where the system has {@link
 * SecureDirectoryStream}, links are not followed there, and no folder is made ({@link Errno#EOPNOTSUPP}).
 */
final class NioFiles implements FileCalls {

    /** What one listing brings at most. */
    private static final int ENTRIES_PER_CALL_MAX = 1024;

    private static final int S_IFMT = 0xf000;
    private static final int S_IFIFO = 0x1000;
    private static final String UP = "..";
    private static final FileAttribute<?>[] NO_ATTRIBUTES = {};
    private static final PosixFilePermission[] PERMISSIONS = {
        PosixFilePermission.OTHERS_EXECUTE,
        PosixFilePermission.OTHERS_WRITE,
        PosixFilePermission.OTHERS_READ,
        PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.GROUP_WRITE,
        PosixFilePermission.GROUP_READ,
        PosixFilePermission.OWNER_EXECUTE,
        PosixFilePermission.OWNER_WRITE,
        PosixFilePermission.OWNER_READ
    };

    /** The view is made here, because a buffer makes it only once and threads may share a buffer. */
    @Override
    public int prepare(FileTask task) {
        Buffer buffer = task.buffer;
        if (buffer != null) {
            buffer.view();
        }
        Gather pieces = task.pieces;
        for (int i = 0; pieces != null && i < pieces.size(); i++) {
            pieces.piece(i).view();
        }
        return 0;
    }

    @Override
    public int statusNow(OpenFile file, Buffer control) {
        return LATER;
    }

    @Override
    public void close(OpenFile file) {
        nio(file).close();
    }

    @Override
    public int make(FileTask task, FileThread thread) {
        try {
            return call(task);
        } catch (NonWritableChannelException | NonReadableChannelException notOpenedForThat) {
            return -Errno.EBADF;
        } catch (UnsupportedOperationException unknown) {
            return -Errno.EOPNOTSUPP;
        } catch (DirectoryIteratorException failure) {
            return NioErrno.of(failure.getCause() instanceof IOException cause ? cause : failure);
        } catch (IOException | IllegalArgumentException failure) {
            return NioErrno.of(failure);
        }
    }

    private static int call(FileTask task) throws IOException {
        return switch (task.kind) {
            case OPEN -> opened(task, open(task.path(), task.access()));
            case OPEN_BENEATH -> openBeneath(task);
            case CLOSE -> {
                nio(task.file()).close();
                yield 0;
            }
            case READ, FETCH -> read(task, channel(task));
            case READ_PIECES -> readPieces(task, channel(task));
            case WRITE -> write(task);
            case WRITE_PIECES -> writePieces(task);
            case WRITE_AND_SYNC -> {
                int written = writePieces(task);
                if (written == task.pieces().length()) {
                    writer(task).force(false);
                }
                yield written;
            }
            case SYNC, SYNC_DATA -> {
                sync(task);
                yield 0;
            }
            case TRUNCATE -> {
                setLength(writer(task), task.length);
                yield 0;
            }
            case ALLOCATE -> -Errno.EOPNOTSUPP;
            case STATUS -> {
                NioFile file = nio(task.file());
                FileAttributes known = attributes(file.path(), true);
                FileChannel channel = file.channel() == null ? file.appender() : file.channel();
                Statx.encode(channel == null ? known : withLength(known, channel.size()), task.control());
                yield 0;
            }
            case STATUS_OF_PATH -> {
                Statx.encode(attributes(task.path(), task.detail == DescriptorFiles.statusFlags(true)), task.control());
                yield 0;
            }
            case RENAME -> rename(task);
            case DELETE -> delete(task);
            case MAKE_FOLDER -> {
                Files.createDirectory(task.path(), permissions(task.path(), task.detail));
                yield 0;
            }
            case RENAME_IN -> renameIn(task);
            case DELETE_IN -> deleteIn(task);
            case MAKE_FOLDER_IN -> -Errno.EOPNOTSUPP;
            case SPACE -> space(nio(task.file()).path(), task.control());
            case SPACE_OF_PATH -> space(task.path(), task.control());
            case LIST -> list(task);
        };
    }

    private static NioFile nio(OpenFile file) {
        return Objects.requireNonNull(file.nio);
    }

    /** For reading, or at least for answering that it is not for reading. */
    private static FileChannel channel(FileTask task) throws IOException {
        NioFile file = nio(task.file());
        FileChannel channel = file.channel() == null ? file.appender() : file.channel();
        if (channel == null) {
            throw new IOException("Is a directory");
        }
        return channel;
    }

    private static FileChannel writer(FileTask task) throws IOException {
        FileChannel appender = nio(task.file()).appender();
        return appender == null ? channel(task) : appender;
    }

    // ---------------------------------------------------------------------------------------------- opening

    private static int opened(FileTask task, NioFile file) {
        task.opened = file;
        return 0;
    }

    private static NioFile open(Path path, FileAccess access) throws IOException {
        if (access.folder()) {
            if (!access.follow() && Files.isSymbolicLink(path)) {
                throw new IOException("Not a directory");
            }
            return NioFile.folder(path, Files.newDirectoryStream(path));
        }
        if (isPipe(path)) {
            throw new IOException("No such device or address"); // to open it would wait for its other end
        }
        FileAttribute<?>[] attributes = access.create() ? permissions(path, access.mode()) : NO_ATTRIBUTES;
        FileChannel channel = null;
        if (access.read() || !access.append()) {
            channel = FileChannel.open(path, options(access, false), attributes);
        }
        try {
            FileChannel appender = access.append() ? FileChannel.open(path, options(access, true), attributes) : null;
            return new NioFile(path, channel, appender, null, null);
        } catch (IOException | RuntimeException refused) {
            new NioFile(path, channel, null, null, null).close();
            throw refused;
        }
    }

    private static boolean isPipe(Path path) {
        try {
            return path.getFileSystem().supportedFileAttributeViews().contains("unix")
                    && (number(Files.getAttribute(path, "unix:mode")) & S_IFMT) == S_IFIFO;
        } catch (IOException notThere) {
            return false;
        }
    }

    /** Of the channel that appends, or of the other. */
    private static Set<OpenOption> options(FileAccess access, boolean appends) {
        Set<OpenOption> options = new HashSet<>();
        boolean isFirst = !appends || !access.read();
        boolean writes = access.write() || access.append();
        if (appends) {
            options.add(StandardOpenOption.APPEND);
        } else {
            if (access.read() || !writes) {
                options.add(StandardOpenOption.READ);
            }
            if (writes) {
                options.add(StandardOpenOption.WRITE);
            }
        }
        if (access.create() && isFirst) {
            options.add(access.exclusive() ? StandardOpenOption.CREATE_NEW : StandardOpenOption.CREATE);
        }
        if (access.truncate() && !appends) {
            options.add(StandardOpenOption.TRUNCATE_EXISTING);
        }
        if (access.direct()) {
            options.add(ExtendedOpenOption.DIRECT);
        }
        if (!access.follow()) {
            options.add(LinkOption.NOFOLLOW_LINKS);
        }
        return options;
    }

    private static FileAttribute<?>[] permissions(Path path, int mode) {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return NO_ATTRIBUTES;
        }
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int bit = 0; bit < PERMISSIONS.length; bit++) {
            if ((mode >> bit & 1) != 0) {
                permissions.add(PERMISSIONS[bit]);
            }
        }
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)};
    }

    private static int openBeneath(FileTask task) throws IOException {
        NioFile folder = nio(task.file());
        Path path = task.path();
        if (path.isAbsolute() || hasUp(path)) {
            return -Errno.EXDEV;
        }
        if (folder.entries() == null) {
            return -Errno.ENOTDIR;
        }
        if (!(folder.entries() instanceof SecureDirectoryStream<Path> held)) {
            return -Errno.EOPNOTSUPP;
        }
        SecureDirectoryStream<Path> at = held;
        try {
            for (int i = 0; i < path.getNameCount() - 1; i++) {
                at = next(held, at, path.getName(i));
            }
            return opened(task, openLast(folder.path().resolve(path), held, at, path, task.access()));
        } finally {
            closeUnless(held, at);
        }
    }

    private static NioFile openLast(
            Path whole, SecureDirectoryStream<Path> held, SecureDirectoryStream<Path> at, Path path, FileAccess access)
            throws IOException {
        Path name = path.getFileName();
        if (access.folder()) {
            Path asked = name.toString().isEmpty() ? Path.of(".") : name;
            requireFolder(at, asked);
            return NioFile.folder(whole, at.newDirectoryStream(asked, LinkOption.NOFOLLOW_LINKS));
        }
        if (access.read() && access.append()) {
            throw new UnsupportedOperationException("not both at once beneath a folder");
        }
        Set<OpenOption> options = options(access, access.append());
        options.add(LinkOption.NOFOLLOW_LINKS);
        FileAttribute<?>[] attributes = access.create() ? permissions(whole, access.mode()) : NO_ATTRIBUTES;
        refuseOthers(at, name);
        FileChannel channel = (FileChannel) at.newByteChannel(name, options, attributes);
        return access.append()
                ? new NioFile(whole, null, channel, null, null)
                : new NioFile(whole, channel, null, null, null);
    }

    /** The JDK forgets a descriptor when it is asked to list what is no folder. */
    private static void requireFolder(SecureDirectoryStream<Path> at, Path name) throws IOException {
        BasicFileAttributes found = at.getFileAttributeView(
                        name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
        if (found.isSymbolicLink()) {
            throw new FileSystemLoopException(name.toString());
        }
        if (!found.isDirectory()) {
            throw new NotDirectoryException(name.toString());
        }
    }

    /** The JDK cannot open a pipe without waiting for its other end, so nothing is opened that may be one. */
    private static void refuseOthers(SecureDirectoryStream<Path> at, Path name) throws IOException {
        try {
            BasicFileAttributeView view =
                    at.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            if (view.readAttributes().isOther()) {
                throw new FileSystemException(name.toString(), null, "No such device or address");
            }
        } catch (NoSuchFileException notYet) {
            // It may be created.
        }
    }

    private static SecureDirectoryStream<Path> next(
            SecureDirectoryStream<Path> held, SecureDirectoryStream<Path> at, Path name) throws IOException {
        try {
            requireFolder(at, name);
            return at.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
        } finally {
            closeUnless(held, at);
        }
    }

    @SuppressWarnings("ReferenceEquality") // a stream is itself
    private static void closeUnless(SecureDirectoryStream<Path> held, SecureDirectoryStream<Path> at)
            throws IOException {
        if (at != held) {
            at.close();
        }
    }

    private static boolean hasUp(Path path) {
        for (Path name : path) {
            if (name.toString().equals(UP)) {
                return true;
            }
        }
        return false;
    }

    // ---------------------------------------------------------------------------------------------- bytes

    /** A view of the range of its own, as several threads may use one buffer. */
    private static ByteBuffer range(Buffer buffer, int offset, int length) {
        return buffer.view().duplicate().limit(offset + length).position(offset);
    }

    private static int read(FileTask task, FileChannel channel) throws IOException {
        ByteBuffer into = range(task.buffer(), task.offset, (int) task.length);
        return Math.max(0, channel.read(into, task.position));
    }

    private static int readPieces(FileTask task, FileChannel channel) throws IOException {
        Gather pieces = task.pieces();
        int done = 0;
        for (int i = 0; i < pieces.size(); i++) {
            int length = pieces.length(i);
            int count = channel.read(range(pieces.piece(i), pieces.offset(i), length), task.position + done);
            done += Math.max(0, count);
            if (count < length) {
                return done;
            }
        }
        return done;
    }

    private static int write(FileTask task) throws IOException {
        ByteBuffer from = range(task.buffer(), task.offset, (int) task.length);
        FileChannel appender = nio(task.file()).appender();
        return appender == null ? channel(task).write(from, task.position) : appender.write(from);
    }

    private static int writePieces(FileTask task) throws IOException {
        Gather pieces = task.pieces();
        FileChannel appender = nio(task.file()).appender();
        if (appender != null) {
            ByteBuffer[] views = new ByteBuffer[pieces.size()];
            for (int i = 0; i < views.length; i++) {
                views[i] = range(pieces.piece(i), pieces.offset(i), pieces.length(i));
            }
            return (int) appender.write(views);
        }
        FileChannel channel = channel(task);
        int done = 0;
        for (int i = 0; i < pieces.size(); i++) {
            int length = pieces.length(i);
            int count;
            try {
                count = channel.write(range(pieces.piece(i), pieces.offset(i), length), task.position + done);
            } catch (IOException full) {
                if (done > 0) {
                    return done; // the next write meets the same failure, and reports it
                }
                throw full;
            }
            done += count;
            if (count < length) {
                return done;
            }
        }
        return done;
    }

    private static void sync(FileTask task) throws IOException {
        if (nio(task.file()).entries() == null) {
            writer(task).force(task.kind == FileTask.Kind.SYNC);
        } else {
            // A folder, whose names are to last: a channel can be opened on it where that means anything.
            try (FileChannel folder = FileChannel.open(nio(task.file()).path(), StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
    }

    private static void setLength(FileChannel channel, long length) throws IOException {
        if (length <= channel.size()) {
            channel.truncate(length);
        } else {
            channel.write(ByteBuffer.allocate(1), length - 1);
        }
    }

    // ---------------------------------------------------------------------------------------------- the rest

    private static FileAttributes attributes(Path path, boolean follow) throws IOException {
        LinkOption[] options = follow ? new LinkOption[] {} : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
        if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return of(Files.readAttributes(path, BasicFileAttributes.class, options), 0, 0, 0);
        }
        BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class, options);
        Map<String, Object> unix = Files.readAttributes(path, "unix:dev,ino,mode", options);
        return of(basic, number(unix.get("dev")), number(unix.get("ino")), (int) number(unix.get("mode")));
    }

    private static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }

    private static FileAttributes of(BasicFileAttributes basic, long device, long inode, int mode) {
        FileAttributes.Kind kind = basic.isRegularFile()
                ? FileAttributes.Kind.FILE
                : basic.isDirectory()
                        ? FileAttributes.Kind.FOLDER
                        : basic.isSymbolicLink() ? FileAttributes.Kind.SYMBOLIC_LINK : FileAttributes.Kind.OTHER;
        long modifiedNanos = basic.lastModifiedTime().to(TimeUnit.NANOSECONDS);
        return new FileAttributes(kind, basic.size(), modifiedNanos, device, inode, mode & Statx.PERMISSIONS);
    }

    private static FileAttributes withLength(FileAttributes known, long length) {
        return new FileAttributes(
                known.kind(), length, known.modifiedNanos(), known.device(), known.inode(), known.mode());
    }

    private static int rename(FileTask task) throws IOException {
        boolean replaces = task.detail == DescriptorFiles.renameFlags(true);
        if (!replaces && Files.exists(task.target(), LinkOption.NOFOLLOW_LINKS)) {
            return -Errno.EEXIST;
        }
        Files.move(task.path(), task.target(), StandardCopyOption.ATOMIC_MOVE);
        return 0;
    }

    private static int delete(FileTask task) throws IOException {
        boolean asFolder = task.detail == DescriptorFiles.deleteFlags(true);
        boolean isFolder = Files.readAttributes(task.path(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isDirectory();
        if (isFolder != asFolder) {
            return asFolder ? -Errno.ENOTDIR : -Errno.EISDIR;
        }
        Files.delete(task.path());
        return 0;
    }

    private static int renameIn(FileTask task) throws IOException {
        if (!(nio(task.file()).entries() instanceof SecureDirectoryStream<Path> from)
                || !(nio(task.targetFolder()).entries() instanceof SecureDirectoryStream<Path> to)) {
            return notSecure(task.file(), task.targetFolder());
        }
        boolean replaces = task.detail == DescriptorFiles.renameFlags(true);
        if (!replaces && isThere(to, task.target())) {
            return -Errno.EEXIST;
        }
        from.move(task.path(), to, task.target());
        return 0;
    }

    private static boolean isThere(SecureDirectoryStream<Path> in, Path name) throws IOException {
        try {
            attributes(in, name);
            return true;
        } catch (NoSuchFileException free) {
            return false;
        }
    }

    private static int deleteIn(FileTask task) throws IOException {
        if (!(nio(task.file()).entries() instanceof SecureDirectoryStream<Path> in)) {
            return notSecure(task.file(), task.file());
        }
        boolean asFolder = task.detail == DescriptorFiles.deleteFlags(true);
        if (attributes(in, task.path()).isDirectory() != asFolder) {
            return asFolder ? -Errno.ENOTDIR : -Errno.EISDIR;
        }
        if (asFolder) {
            in.deleteDirectory(task.path());
        } else {
            in.deleteFile(task.path());
        }
        return 0;
    }

    private static BasicFileAttributes attributes(SecureDirectoryStream<Path> in, Path name) throws IOException {
        return in.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
    }

    private static int notSecure(OpenFile file, OpenFile other) {
        return nio(file).entries() == null || nio(other).entries() == null ? -Errno.ENOTDIR : -Errno.EOPNOTSUPP;
    }

    private static int space(Path path, Buffer control) throws IOException {
        FileStore store = Files.getFileStore(path);
        Statfs.encode(
                new FileSpace(store.getTotalSpace(), store.getUnallocatedSpace(), store.getUsableSpace()), control);
        return 0;
    }

    private static int list(FileTask task) throws IOException {
        Iterator<Path> cursor = nio(task.file()).cursor();
        if (cursor == null) {
            return -Errno.ENOTDIR;
        }
        int taken = 0;
        while (taken < ENTRIES_PER_CALL_MAX && cursor.hasNext()) {
            Path name = cursor.next().getFileName();
            task.listing()
                    .add(new Listing.Entry(name, kind(nio(task.file()).path().resolve(name))));
            taken++;
        }
        return taken;
    }

    private static FileAttributes.Kind kind(Path path) {
        try {
            return attributes(path, false).kind();
        } catch (IOException gone) {
            return FileAttributes.Kind.OTHER;
        }
    }
}
