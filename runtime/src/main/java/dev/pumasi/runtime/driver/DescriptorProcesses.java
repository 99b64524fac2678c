package dev.pumasi.runtime.driver;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Processes of a driver whose handles are descriptors: started by {@code posix_spawn}, watched and signalled through a
 * descriptor of the process ({@code pidfd_open(2)}, Linux 5.3), which becomes readable when it has ended.
 *
 * <p>io_uring could wait and reap in one operation ({@code IORING_OP_WAITID}, Linux 6.7). It is not used: a wait that
 * takes the status along can be cancelled after it has taken it, or complete with nobody to look; a descriptor that is
 * readable stays so. The price is one system call per process, which took some hundred microseconds to start.
 */
final class DescriptorProcesses implements Processes {

    /** The pidfd belongs to the process and not to its number: nobody else can be meant. */
    private final Map<Integer, Spawner.Spawned> processes = new HashMap<>();

    private final Libc libc;
    private final ProcessHost host;
    private final boolean nonBlocking;
    private @Nullable SpawnThread thread;
    private boolean closed;

    /** @param nonBlocking whether the driver's pipes must not block */
    DescriptorProcesses(Libc libc, ProcessHost host, boolean nonBlocking) {
        this.libc = libc;
        this.host = host;
        this.nonBlocking = nonBlocking;
    }

    @Override
    public void spawn(Launch launch, long token) {
        if (SpawnCalls.refusal() != null) {
            host.complete(token, -Errno.ENOSYS);
            return;
        }
        // Copies, so that whoever passes a socket may close it at once.
        int[] passed = new int[launch.passed().size()];
        for (int i = 0; i < passed.length; i++) {
            passed[i] = (int) libc.call(
                    SystemCall.FCNTL, launch.passed().get(i).handle(), Spawner.F_DUPFD_CLOEXEC, Launch.STREAMS);
            if (passed[i] < 0) {
                closeAll(passed, i);
                host.complete(token, passed[i]);
                return;
            }
        }
        if (thread == null) {
            thread = new SpawnThread();
        }
        boolean taken = thread.offer(() -> {
            Spawner.Spawned spawned = new Spawner(launch, passed, nonBlocking).spawn();
            host.arrive(() -> arrived(spawned, token));
        });
        if (!taken) {
            closeAll(passed, passed.length);
            host.complete(token, -Errno.EAGAIN);
        }
    }

    private void closeAll(int[] descriptors, int count) {
        for (int i = 0; i < count; i++) {
            libc.call(SystemCall.CLOSE, descriptors[i]);
        }
    }

    private void arrived(Spawner.Spawned spawned, long token) {
        if (closed) {
            if (spawned.result >= 0) {
                Spawner.discard(libc, spawned);
            }
            return;
        }
        int result = spawned.result < 0 ? spawned.result : adopt(spawned);
        if (result >= 0) {
            processes.put(result, spawned);
        }
        host.complete(token, result);
    }

    /** The process's handle; or an error, and then it is gone. */
    private int adopt(Spawner.Spawned spawned) {
        int handle = host.adopt(spawned.descriptor, false);
        spawned.descriptor = Spawner.NONE; // the host's from now on, be it open or not
        int result = handle;
        for (int i = 0; result >= 0 && i < spawned.pipes.length; i++) {
            if (spawned.pipes[i] != Spawner.NONE) {
                result = host.adopt(spawned.pipes[i], true);
                spawned.pipes[i] = Math.max(result, Spawner.NONE);
                for (int adopted = 0; result < 0 && adopted < i; adopted++) {
                    giveBack(spawned, adopted);
                }
            }
        }
        if (result < 0) {
            if (handle >= 0) {
                host.close(handle);
            }
            Spawner.discard(libc, spawned);
            return result;
        }
        return handle;
    }

    private void giveBack(Spawner.Spawned spawned, int stream) {
        if (spawned.pipes[stream] != Spawner.NONE) {
            host.close(spawned.pipes[stream]);
            spawned.pipes[stream] = Spawner.NONE;
        }
    }

    @Override
    public long id(int process) {
        return known(process).id;
    }

    @Override
    public int pipe(int process, int stream) {
        return known(process).pipes[stream];
    }

    @Override
    public void awaitExit(int process, long token) {
        known(process);
        host.awaitReadable(process, token);
    }

    @Override
    public @Nullable ExitReport reap(int process) {
        Spawner.Spawned spawned = known(process);
        ExitReport report = Reaping.now(libc, spawned.id);
        spawned.id = Spawner.NONE;
        return report;
    }

    @Override
    public int signal(int process, int number, boolean wholeGroup) {
        int id = known(process).id;
        if (id == Spawner.NONE) {
            return -Errno.ESRCH;
        }
        return (int)
                (wholeGroup
                        ? libc.call(SystemCall.KILL, -id, number)
                        : libc.call(SystemCall.PIDFD_SEND_SIGNAL, process, number, 0, 0));
    }

    @Override
    public int signalTo(long id, int number) {
        return (int) libc.call(SystemCall.KILL, id, number);
    }

    @Override
    public void close(int process) {
        Spawner.Spawned spawned = known(process);
        processes.remove(process);
        host.close(process);
        leave(spawned.id);
    }

    @Override
    public void closing() {
        if (thread != null) {
            thread.close();
        }
        closed = true;
        processes.values().forEach(spawned -> leave(spawned.id));
        processes.clear();
    }

    private void leave(int id) {
        if (id != Spawner.NONE) {
            Reaping.inBackground(libc, id);
        }
    }

    private Spawner.Spawned known(int process) {
        Spawner.Spawned spawned = processes.get(process);
        if (spawned == null) {
            throw new IllegalStateException("no process has the handle " + process);
        }
        return spawned;
    }
}
