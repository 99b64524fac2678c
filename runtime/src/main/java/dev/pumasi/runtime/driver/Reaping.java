package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/** {@code waitid(2)}: takes the last trace of a child process that has ended. */
final class Reaping {

    private static final int P_PID = 1;
    private static final int WNOHANG = 1;
    private static final int WEXITED = 4;
    private static final int CLD_EXITED = 1;
    private static final int CLD_DUMPED = 3;

    /** Offsets in {@code siginfo_t}, which has 128 bytes. */
    private static final int SI_CODE = 8;

    private static final int SI_PID = 16;
    private static final int SI_STATUS = 24;
    private static final int INFO_BYTES = 128;

    private Reaping() {}

    /** How it ended; null if it runs, or is no (more a) child of this process. */
    static @Nullable ExitReport now(Libc libc, int id) {
        return reap(libc, id, WEXITED | WNOHANG);
    }

    /** Blocks until it has ended. */
    static void await(Libc libc, int id) {
        reap(libc, id, WEXITED);
    }

    private static @Nullable ExitReport reap(Libc libc, int id, int options) {
        Buffer info = Buffer.allocate(INFO_BYTES);
        long result;
        do {
            result = libc.call(SystemCall.WAITID, P_PID, id, info.address(), options, 0, 0);
        } while (result == -Errno.EINTR);
        Reference.reachabilityFence(info);
        if (result < 0 || info.getInt(SI_PID) == 0) {
            return null;
        }
        int code = info.getInt(SI_CODE);
        return new ExitReport(code != CLD_EXITED, info.getInt(SI_STATUS), code == CLD_DUMPED);
    }
}
