package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.FileAccess;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.FileOperations;
import dev.pumasi.runtime.driver.FileSpace;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.Listing;
import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The files of one {@link SimDriver}, on its machine's {@link SimDisk}. Each operation takes a seeded time, and is carried
 * out at the end of it: then the bytes of a write are read, and those of a read are written. {@link SimFaults.Disk} says
 * how long, how much of it is done at once, and what fails.
 *
 * <p>Like its driver it forgives no breach of the contract: a handle that is not open, or was closed, is an exception
 * where it is used. Paths begin at the root of the disk, relative ones too.
 *
 * <p>It is long because every operation of the seam is here with its faults, each a few lines; what the disk holds is {@link SimDisk}'s.
 */
final class SimFiles implements FileOperations {

    private static final int ENTRIES_AT_ONCE_MAX = 16;

    /** How often an operation that is cancelled has not begun yet. */
    private static final double NOT_BEGUN = 0.5;

    // How attributes lie in a control buffer.
    private static final int KIND_AT = 0;
    private static final int MODE_AT = 4;
    private static final int LENGTH_AT = 8;
    private static final int MODIFIED_AT = 16;
    private static final int INODE_AT = 24;

    // And how room does.
    private static final int TOTAL_AT = 0;
    private static final int FREE_AT = 8;

    /** What a handle stands for. */
    static final class Open {

        final int handle;
        final SimDisk.Node node;
        final FileAccess access;
        private int inProgress;
        private boolean closing;
        private @Nullable Iterator<Map.Entry<String, SimDisk.Node>> listed;

        Open(int handle, SimDisk.Node node, FileAccess access) {
            this.handle = handle;
            this.node = node;
            this.access = access;
        }
    }

    /** An operation in progress. */
    final class Work {

        final String verb;
        final int handle;
        private final @Nullable Open file;

        /** A second folder that it needs. */
        private @Nullable Open other;

        private final IntSupplier effect;
        private boolean due;
        private boolean cancelSeen;

        Work(String verb, @Nullable Open file, IntSupplier effect) {
            this.verb = verb;
            this.file = file;
            this.effect = effect;
            handle = file == null ? -1 : file.handle;
        }

        /** Whether the disk has come to it. */
        boolean isDue() {
            return due;
        }

        /** Carries it out. */
        int run() {
            return effect.getAsInt();
        }

        /** Asked once when its end is wished for: whether it had not begun. */
        boolean endsByCancel() {
            if (cancelSeen || due) {
                return false;
            }
            cancelSeen = true;
            return dice.chance(NOT_BEGUN);
        }

        void ended() {
            ended(file);
            ended(other);
        }

        private void ended(@Nullable Open of) {
            if (of != null) {
                of.inProgress--;
                giveBackIfOver(of);
            }
        }
    }

    private final SimDriver driver;
    private final SimNetwork network;
    private final SimDisk disk;
    private final SimFaults.Disk faults;
    private final Dice dice;

    /** Beyond the numbers of sockets, so that one is never taken for the other. */
    private final int first;

    private final Map<Integer, Open> files = new TreeMap<>();

    SimFiles(SimDriver driver, SimNetwork network, SimDisk disk, Dice dice) {
        this.driver = driver;
        this.network = network;
        this.disk = disk;
        this.dice = dice;
        faults = network.faults().disk();
        first = driver.handlesMax();
    }

    int openCount() {
        return files.size();
    }

    // ------------------------------------------------------------------------------------------ contents

    @Override
    public void open(Path path, FileAccess access, Buffer control, long token) {
        checkControl(control);
        begin("open " + path, null, faults.nameNanos(), () -> openNow(disk.find(path), path, access), token);
    }

    @Override
    public void openBeneath(int folder, Path path, FileAccess access, Buffer control, long token) {
        checkControl(control);
        Open above = open(folder);
        begin(
                "open beneath " + path,
                above,
                faults.nameNanos(),
                () -> {
                    if (!(above.node instanceof SimDisk.FolderNode node)) {
                        return -Errno.ENOTDIR;
                    }
                    return leaves(path) ? -Errno.EXDEV : openNow(SimDisk.find(node, path), path, access);
                },
                token);
    }

    private static boolean leaves(Path path) {
        int depth = 0;
        for (Path name : path) {
            depth += name.toString().equals("..") ? -1 : name.toString().equals(".") ? 0 : 1;
            if (depth < 0) {
                return true;
            }
        }
        return path.isAbsolute();
    }

    private int openNow(SimDisk.@Nullable Place place, Path path, FileAccess access) {
        if (place == null) {
            return disk.absence(path);
        }
        SimDisk.Node node = place.node();
        if (node != null && access.create() && access.exclusive()) {
            return -Errno.EEXIST;
        }
        if (node == null && !access.create()) {
            return -Errno.ENOENT;
        }
        if (node instanceof SimDisk.FileNode && access.folder()) {
            return -Errno.ENOTDIR;
        }
        if (node instanceof SimDisk.FolderNode && (access.write() || access.append())) {
            return -Errno.EISDIR;
        }
        if (driver.isFull()) {
            return -Errno.EMFILE;
        }
        if (node == null) {
            node = disk.create(place, access.mode(), now());
        } else if (access.truncate() && node instanceof SimDisk.FileNode file) {
            file.content.setLength(0);
            file.modifiedNanos = now();
        }
        int handle = first;
        while (files.containsKey(handle)) {
            handle++;
        }
        files.put(handle, new Open(handle, node, access));
        return handle;
    }

    @Override
    public void read(int file, long position, Buffer into, int offset, int length, long token) {
        Objects.checkFromIndexSize(offset, length, into.capacity());
        Open open = open(file);
        begin(
                "read",
                open,
                faults.readNanos(),
                () -> isMisaligned(open, position, into, offset, length)
                        ? -Errno.EINVAL
                        : readNow(open, position, length, bytes -> into.put(offset, bytes, 0, bytes.length)),
                token);
    }

    @Override
    public void read(int file, long position, Gather pieces, long token) {
        Open open = open(file);
        int length = Math.toIntExact(pieces.length());
        begin(
                "read",
                open,
                faults.readNanos(),
                () -> isMisaligned(open, position, pieces)
                        ? -Errno.EINVAL
                        : readNow(open, position, length, bytes -> scatter(bytes, pieces)),
                token);
    }

    private interface Taker {
        void take(byte[] bytes);
    }

    private int readNow(Open open, long position, int length, Taker taker) {
        if (!(open.node instanceof SimDisk.FileNode node)) {
            return -Errno.EISDIR;
        }
        if (!open.access.read()) {
            return -Errno.EBADF;
        }
        if (dice.chance(faults.readError())) {
            return -Errno.EIO;
        }
        byte[] bytes = node.content.read(position, length);
        if (bytes.length > 1 && !open.access.direct() && dice.chance(faults.shortTransfer())) {
            bytes = node.content.read(position, (int) dice.between(1, bytes.length));
        }
        taker.take(bytes);
        return bytes.length;
    }

    @Override
    public void write(int file, long position, Buffer from, int offset, int length, long token) {
        Objects.checkFromIndexSize(offset, length, from.capacity());
        Open open = open(file);
        begin(
                "write",
                open,
                faults.writeNanos(),
                () -> isMisaligned(open, position, from, offset, length)
                        ? -Errno.EINVAL
                        : writeNow(open, position, from.bytes(offset, length)),
                token);
    }

    @Override
    public void write(int file, long position, Gather pieces, long token) {
        Open open = open(file);
        begin("write", open, faults.writeNanos(), () -> writeNow(open, position, pieces), token);
    }

    @Override
    public void writeAndSync(int file, long position, Gather pieces, long token) {
        Open open = open(file);
        long length = pieces.length();
        begin(
                "write and sync",
                open,
                faults.syncNanos(),
                () -> {
                    int written = writeNow(open, position, pieces);
                    if (written < length) {
                        return written;
                    }
                    int synced = syncNow(open);
                    return synced < 0 ? synced : written;
                },
                token);
    }

    private int writeNow(Open open, long position, Gather pieces) {
        return isMisaligned(open, position, pieces) ? -Errno.EINVAL : writeNow(open, position, bytes(pieces));
    }

    private int writeNow(Open open, long position, byte[] bytes) {
        if (!(open.node instanceof SimDisk.FileNode node) || !open.access.write() && !open.access.append()) {
            return -Errno.EBADF;
        }
        if (position == APPEND && !open.access.append()) {
            return -Errno.EINVAL;
        }
        if (dice.chance(faults.writeError())) {
            return -Errno.EIO;
        }
        SimContent content = node.content;
        long at = open.access.append() ? content.length() : position;
        int count = bytes.length;
        if (count > 1 && !open.access.direct() && dice.chance(faults.shortTransfer())) {
            count = (int) dice.between(1, count);
        }
        if (at + count > SimContent.BYTES_MAX) {
            return -Errno.EFBIG;
        }
        long more = at + count - content.length();
        if (more > 0) {
            long room = faults.capacityBytes() - disk.usedBytes();
            if (more > room) {
                count = (int) Math.max(0, count - (more - Math.max(0, room)));
                if (count == 0 && bytes.length > 0) {
                    return -Errno.ENOSPC;
                }
            }
        }
        content.write((int) at, bytes, count);
        node.modifiedNanos = now();
        return count;
    }

    @Override
    public void sync(int file, boolean attributesToo, long token) {
        Open open = open(file);
        begin("sync", open, faults.syncNanos(), () -> syncNow(open), token);
    }

    private int syncNow(Open open) {
        boolean fails = dice.chance(faults.syncError());
        switch (open.node) {
            case SimDisk.FileNode file when fails -> file.content.syncInVain(dice);
            case SimDisk.FileNode file -> file.content.sync();
            case SimDisk.FolderNode folder when !fails -> disk.sync(folder);
            case SimDisk.FolderNode _ -> {}
        }
        return fails ? -Errno.EIO : 0;
    }

    @Override
    public void truncate(int file, long length, long token) {
        Open open = open(file);
        begin(
                "truncate",
                open,
                faults.writeNanos(),
                () -> {
                    if (!(open.node instanceof SimDisk.FileNode node) || !open.access.write() || length < 0) {
                        return -Errno.EINVAL;
                    }
                    return setLength(node, length);
                },
                token);
    }

    @Override
    public void allocate(int file, long position, long length, long token) {
        Open open = open(file);
        begin(
                "allocate",
                open,
                faults.writeNanos(),
                () -> {
                    if (!(open.node instanceof SimDisk.FileNode node) || !open.access.write()) {
                        return -Errno.EBADF;
                    }
                    if (position < 0 || length <= 0) {
                        return -Errno.EINVAL;
                    }
                    return position + length <= node.content.length() ? 0 : setLength(node, position + length);
                },
                token);
    }

    private int setLength(SimDisk.FileNode node, long length) {
        if (length > SimContent.BYTES_MAX) {
            return -Errno.EFBIG;
        }
        if (length - node.content.length() > faults.capacityBytes() - disk.usedBytes()) {
            return -Errno.ENOSPC;
        }
        node.content.setLength((int) length);
        node.modifiedNanos = now();
        return 0;
    }

    @Override
    public void transfer(int file, long position, int socket, int length, long token) {
        Open open = open(file);
        Work work = new Work("transfer", open, () -> dice.chance(faults.readError()) ? -Errno.EIO : 0);
        driver.beginTransfer(socket, token, work, open, position, length);
        later(work, faults.readNanos(), token);
    }

    /** What a transfer may send now. */
    static byte[] bytes(Open open, long position, int length) {
        return open.node instanceof SimDisk.FileNode node && open.access.read()
                ? node.content.read(position, length)
                : new byte[0];
    }

    @Override
    public void close(int file) {
        Open open = open(file);
        open.closing = true;
        giveBackIfOver(open);
    }

    private void giveBackIfOver(Open open) {
        if (open.closing && open.inProgress == 0) {
            files.remove(open.handle);
        }
    }

    /** As at the end of a process. */
    void closeAll() {
        files.clear();
    }

    // ------------------------------------------------------------------------------------------ names

    @Override
    public void status(int file, Buffer control, long token) {
        checkControl(control);
        Open open = open(file);
        begin("status", open, faults.nameNanos(), () -> put(disk.attributes(open.node), control), token);
    }

    @Override
    public void status(Path path, boolean follow, Buffer control, long token) {
        checkControl(control);
        begin(
                "status " + path,
                null,
                faults.nameNanos(),
                () -> {
                    SimDisk.Place place = disk.find(path);
                    if (place == null) {
                        return disk.absence(path);
                    }
                    return place.node() == null ? -Errno.ENOENT : put(disk.attributes(place.node()), control);
                },
                token);
    }

    private static int put(FileAttributes attributes, Buffer control) {
        control.putInt(KIND_AT, attributes.kind().ordinal());
        control.putInt(MODE_AT, attributes.mode());
        control.putLong(LENGTH_AT, attributes.length());
        control.putLong(MODIFIED_AT, attributes.modifiedNanos());
        control.putLong(INODE_AT, attributes.inode());
        return 0;
    }

    @Override
    public FileAttributes attributes(Buffer control) {
        return new FileAttributes(
                FileAttributes.Kind.values()[control.getInt(KIND_AT)],
                control.getLong(LENGTH_AT),
                control.getLong(MODIFIED_AT),
                1,
                control.getLong(INODE_AT),
                control.getInt(MODE_AT));
    }

    @Override
    public void rename(Path from, Path to, boolean replace, Buffer control, long token) {
        checkControl(control);
        begin(
                "rename " + from + " to " + to,
                null,
                faults.nameNanos(),
                () -> {
                    SimDisk.Place source = disk.find(from);
                    SimDisk.Place target = disk.find(to);
                    if (source == null) {
                        return disk.absence(from);
                    }
                    return target == null ? disk.absence(to) : disk.rename(source, target, replace, now());
                },
                token);
    }

    @Override
    public void delete(Path path, boolean folder, Buffer control, long token) {
        checkControl(control);
        begin(
                "delete " + path,
                null,
                faults.nameNanos(),
                () -> {
                    SimDisk.Place place = disk.find(path);
                    return place == null ? disk.absence(path) : disk.delete(place, folder, now());
                },
                token);
    }

    @Override
    public void makeFolder(Path path, int mode, Buffer control, long token) {
        checkControl(control);
        begin(
                "make folder " + path,
                null,
                faults.nameNanos(),
                () -> {
                    SimDisk.Place place = disk.find(path);
                    return place == null ? disk.absence(path) : disk.makeFolder(place, mode, now());
                },
                token);
    }

    @Override
    public void rename(int from, Path name, int to, Path newName, boolean replace, Buffer control, long token) {
        checkControl(control);
        Open source = open(from);
        Open target = open(to);
        Work work = new Work("rename " + name + " to " + newName, source, () -> {
            if (!(source.node instanceof SimDisk.FolderNode left)
                    || !(target.node instanceof SimDisk.FolderNode entered)) {
                return -Errno.ENOTDIR;
            }
            return disk.rename(SimDisk.in(left, name), SimDisk.in(entered, newName), replace, now());
        });
        work.other = target;
        target.inProgress++;
        driver.beginOnFile(token, work);
        later(work, faults.nameNanos(), token);
    }

    @Override
    public void delete(int in, Path name, boolean folder, Buffer control, long token) {
        checkControl(control);
        inFolder("delete " + name, in, node -> disk.delete(SimDisk.in(node, name), folder, now()), token);
    }

    @Override
    public void makeFolder(int in, Path name, int mode, Buffer control, long token) {
        checkControl(control);
        inFolder("make folder " + name, in, node -> disk.makeFolder(SimDisk.in(node, name), mode, now()), token);
    }

    private void inFolder(String verb, int in, ToIntFunction<SimDisk.FolderNode> effect, long token) {
        Open folder = open(in);
        begin(
                verb,
                folder,
                faults.nameNanos(),
                () -> folder.node instanceof SimDisk.FolderNode node ? effect.applyAsInt(node) : -Errno.ENOTDIR,
                token);
    }

    @Override
    public void space(int file, Buffer control, long token) {
        checkControl(control);
        begin("space", open(file), faults.nameNanos(), () -> putSpace(control), token);
    }

    @Override
    public void space(Path path, Buffer control, long token) {
        checkControl(control);
        begin(
                "space of " + path,
                null,
                faults.nameNanos(),
                () -> {
                    SimDisk.Place place = disk.find(path);
                    if (place == null) {
                        return disk.absence(path);
                    }
                    return place.node() == null ? -Errno.ENOENT : putSpace(control);
                },
                token);
    }

    private int putSpace(Buffer control) {
        control.putLong(TOTAL_AT, faults.capacityBytes());
        control.putLong(FREE_AT, Math.max(0, faults.capacityBytes() - disk.usedBytes()));
        return 0;
    }

    @Override
    public FileSpace space(Buffer control) {
        long free = control.getLong(FREE_AT);
        return new FileSpace(control.getLong(TOTAL_AT), free, free);
    }

    @Override
    public void list(int folder, Listing into, long token) {
        Open open = open(folder);
        begin(
                "list",
                open,
                faults.readNanos(),
                () -> {
                    if (!(open.node instanceof SimDisk.FolderNode node)) {
                        return -Errno.ENOTDIR;
                    }
                    if (open.listed == null) {
                        // Copies: the map moves the entries themselves when others are removed.
                        open.listed = node.entries.entrySet().stream()
                                .map(Map.Entry::copyOf)
                                .toList()
                                .iterator();
                    }
                    int most = 1 + dice.below(ENTRIES_AT_ONCE_MAX);
                    int count = 0;
                    while (count < most && open.listed.hasNext()) {
                        Map.Entry<String, SimDisk.Node> entry = open.listed.next();
                        into.add(new Listing.Entry(
                                Path.of(entry.getKey()),
                                disk.attributes(entry.getValue()).kind()));
                        count++;
                    }
                    return count;
                },
                token);
    }

    // ------------------------------------------------------------------------------------------ inside

    private void begin(String verb, @Nullable Open file, Span nanos, IntSupplier effect, long token) {
        Work work = new Work(verb, file, effect);
        driver.beginOnFile(token, work);
        later(work, nanos, token);
    }

    private void later(Work work, Span nanos, long token) {
        if (work.file != null) {
            work.file.inProgress++;
        }
        long delay = dice.within(nanos) + (dice.chance(faults.slow()) ? dice.within(faults.slowNanos()) : 0);
        network.in(delay, () -> {
            work.due = true;
            driver.markIfInProgress(token);
        });
    }

    private Open open(int handle) {
        Open open = files.get(handle);
        if (open == null || open.closing) {
            throw new IllegalStateException(driver.owner() + " uses the file " + handle + ", which is not open");
        }
        return open;
    }

    private long now() {
        return driver.clock().currentTimeMillis() * 1_000_000;
    }

    private static boolean isMisaligned(Open open, long position, Gather pieces) {
        boolean misaligned = false;
        for (int i = 0; i < pieces.size(); i++) {
            misaligned |= isMisaligned(open, position, pieces.piece(i), pieces.offset(i), pieces.length(i));
        }
        return misaligned;
    }

    /** As the kernel asks of a file that goes past the page cache. */
    private static boolean isMisaligned(Open open, long position, Buffer buffer, int offset, int length) {
        return open.access.direct()
                && ((position == APPEND ? 0 : position) | (buffer.address() + offset) | length)
                                % SimContent.SECTOR_BYTES
                        != 0;
    }

    private static byte[] bytes(Gather pieces) {
        byte[] bytes = new byte[Math.toIntExact(pieces.length())];
        int at = 0;
        for (int i = 0; i < pieces.size(); i++) {
            pieces.piece(i).get(pieces.offset(i), bytes, at, pieces.length(i));
            at += pieces.length(i);
        }
        return bytes;
    }

    private static void scatter(byte[] bytes, Gather pieces) {
        int at = 0;
        for (int i = 0; at < bytes.length; i++) {
            int length = Math.min(pieces.length(i), bytes.length - at);
            pieces.piece(i).put(pieces.offset(i), bytes, at, length);
            at += length;
        }
    }

    private static void checkControl(Buffer control) {
        if (control.capacity() < CONTROL_BYTES) {
            throw new IllegalArgumentException(
                    "a control buffer for files has " + CONTROL_BYTES + " bytes at least, not " + control.capacity());
        }
    }
}
