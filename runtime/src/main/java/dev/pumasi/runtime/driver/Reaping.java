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
        Buffer info = Buffer.allocate(INFO_BYTES);
        long result = libc.call(SystemCall.WAITID, P_PID, id, info.address(), WEXITED | WNOHANG, 0, 0);
        Reference.reachabilityFence(info);
        if (result < 0 || info.getInt(SI_PID) == 0) {
            return null;
        }
        int code = info.getInt(SI_CODE);
        return new ExitReport(code != CLD_EXITED, info.getInt(SI_STATUS), code == CLD_DUMPED);
    }

    /**
     * For a process that nobody waits for any more: now, or by itself once it has ended. The JDK has a thread that
     * learns of a process's end without reaping it.
     */
    static void inBackground(Libc libc, int id) {
        if (now(libc, id) == null) {
            var unused = ProcessHandle.of(id).map(handle -> handle.onExit().thenRun(() -> now(new Libc(), id)));
        }
    }
}
