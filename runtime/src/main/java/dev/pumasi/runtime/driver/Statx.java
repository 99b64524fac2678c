package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.lang.ref.Reference;

/**
 * The kernel's {@code struct statx} in a control buffer, behind the room for two paths. Whatever driver has filled it, it
 * is read in the same way.
 */
final class Statx {

    /** {@code STATX_BASIC_STATS}. */
    static final int WANTED = 0x7ff;

    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_EMPTY_PATH = 0x1000;

    /** What this machine knows, without asking a file server again. */
    static final int AT_STATX_DONT_SYNC = 0x4000;

    private static final int OFFSET = 2 * FileOperations.PATH_BYTES_MAX;
    private static final int MODE = 28;
    private static final int INODE = 32;
    private static final int SIZE = 40;
    private static final int MODIFIED_SECONDS = 112;
    private static final int MODIFIED_NANOS = 120;
    private static final int DEVICE_MAJOR = 136;
    private static final int DEVICE_MINOR = 140;

    private static final int S_IFMT = 0xf000;
    private static final int S_IFDIR = 0x4000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFLNK = 0xa000;
    private static final int S_IFOTHER = 0x2000;
    static final int PERMISSIONS = 0xfff;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private Statx() {}

    /** Where the kernel is to write it. */
    static long address(Buffer control) {
        return control.address() + OFFSET;
    }

    static FileAttributes decode(Buffer control) {
        long at = address(control);
        int mode = Short.toUnsignedInt(Memory.getShort(at + MODE));
        FileAttributes attributes = new FileAttributes(
                kind(mode),
                Memory.getLong(at + SIZE),
                Memory.getLong(at + MODIFIED_SECONDS) * NANOS_PER_SECOND + Memory.getInt(at + MODIFIED_NANOS),
                Integer.toUnsignedLong(Memory.getInt(at + DEVICE_MAJOR)) << Integer.SIZE
                        | Integer.toUnsignedLong(Memory.getInt(at + DEVICE_MINOR)),
                Memory.getLong(at + INODE),
                mode & PERMISSIONS);
        Reference.reachabilityFence(control);
        return attributes;
    }

    static void encode(FileAttributes attributes, Buffer control) {
        long at = address(control);
        int type = switch (attributes.kind()) {
            case FILE -> S_IFREG;
            case FOLDER -> S_IFDIR;
            case SYMBOLIC_LINK -> S_IFLNK;
            case OTHER -> S_IFOTHER;
        };
        Memory.putShort(at + MODE, (short) (type | attributes.mode()));
        Memory.putLong(at + SIZE, attributes.length());
        Memory.putLong(at + MODIFIED_SECONDS, Math.floorDiv(attributes.modifiedNanos(), NANOS_PER_SECOND));
        Memory.putInt(at + MODIFIED_NANOS, (int) Math.floorMod(attributes.modifiedNanos(), NANOS_PER_SECOND));
        Memory.putInt(at + DEVICE_MAJOR, (int) (attributes.device() >>> Integer.SIZE));
        Memory.putInt(at + DEVICE_MINOR, (int) attributes.device());
        Memory.putLong(at + INODE, attributes.inode());
        Reference.reachabilityFence(control);
    }

    private static FileAttributes.Kind kind(int mode) {
        return switch (mode & S_IFMT) {
            case S_IFREG -> FileAttributes.Kind.FILE;
            case S_IFDIR -> FileAttributes.Kind.FOLDER;
            case S_IFLNK -> FileAttributes.Kind.SYMBOLIC_LINK;
            default -> FileAttributes.Kind.OTHER;
        };
    }
}
