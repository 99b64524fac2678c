package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Path;

/**
 * What {@code openat2} with {@code RESOLVE_BENEATH} does, for kernels without it: each name is opened from the folder
 * before it, links are not followed, and there is no going up. Somebody who swaps a folder for a link meanwhile gains
 * nothing, because what is held open stays the folder that it was.
 */
final class OpenBeneath {

    private static final String UP = "..";

    private OpenBeneath() {}

    /** On a thread that may wait. The control buffer is written to. */
    static int byNames(Libc libc, int folder, Path path, Buffer control, int flags, int mode) {
        if (path.isAbsolute()) {
            return -Errno.EXDEV;
        }
        int at = folder;
        int result = 0;
        int last = path.getNameCount() - 1;
        for (int i = 0; i <= last && result >= 0; i++) {
            Path name = path.getName(i);
            result = name.toString().equals(UP) ? -Errno.EXDEV : PathBytes.write(name, control, 0);
            if (result >= 0) {
                int how = i < last
                        ? OpenFlags.O_PATH | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW | OpenFlags.O_CLOEXEC
                        : flags | OpenFlags.O_NOFOLLOW | OpenFlags.O_NONBLOCK;
                result = named(libc, (int) libc.call(SystemCall.OPENAT, at, control.address(), how, mode), at, control);
            }
            if (at != folder) {
                libc.call(SystemCall.CLOSE, at);
            }
            at = result;
        }
        return result;
    }

    /** A link that is not followed is "no folder" to the kernel where one was asked for; here it is a link. */
    private static int named(Libc libc, int opened, int at, Buffer control) {
        if (opened != -Errno.ENOTDIR) {
            return opened;
        }
        int looked = (int) libc.call(
                SystemCall.STATX,
                at,
                control.address(),
                Statx.AT_SYMLINK_NOFOLLOW,
                Statx.WANTED,
                Statx.address(control),
                0);
        return looked == 0 && Statx.decode(control).kind() == FileAttributes.Kind.SYMBOLIC_LINK
                ? -Errno.ELOOP
                : -Errno.ENOTDIR;
    }
}
