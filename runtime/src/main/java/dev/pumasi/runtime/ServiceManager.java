package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.UnixDatagram;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The service manager that has started this process, if one has: systemd, or another that keeps to its two protocols.
 *
 * <p><b>Sockets</b> ({@code sd_listen_fds(3)}). The manager listens, and passes its listening sockets on when it starts the service, as
 * the descriptors from 3 on. {@code LISTEN_FDS} says how many, {@code LISTEN_FDNAMES} what they are called, and {@code
 * LISTEN_PID} for which process they are meant: a child inherits the variables and not the sockets, and must not believe them.
 * Clients that come before the service is ready wait in the kernel's queue.
 *
 * <p><b>Notices</b> ({@code sd_notify(3)}). The service tells the manager, by datagrams to the Unix domain socket that {@code
 * NOTIFY_SOCKET} names, when it is ready, reloads or stops; so {@code systemctl start} returns when requests are answered,
 * and not before. A manager that cannot be told is no reason to stop serving: what fails is logged, once.
 *
 * <p>Any thread may call; nothing waits.
 */
public final class ServiceManager {

    /** The first descriptor that is passed ({@code SD_LISTEN_FDS_START}). */
    public static final int FIRST_DESCRIPTOR = 3;

    /** More than so many passed sockets are a mistake. */
    public static final int SOCKETS_MAX = 1024;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");
    private static final long NANOS_PER_MICRO = 1000;

    /**
     * A listening socket that was passed on.
     *
     * @param descriptor its number
     * @param name as the manager calls it ({@code FileDescriptorName=}); {@code unknown} if that is not said
     */
    public record PassedSocket(int descriptor, String name) {}

    private final List<PassedSocket> sockets;
    private final String notifyAddress;
    private boolean told; // guarded by this

    private ServiceManager(List<PassedSocket> sockets, String notifyAddress) {
        this.sockets = List.copyOf(sockets);
        this.notifyAddress = notifyAddress;
    }

    /** As the environment of this process says. */
    public static ServiceManager ofThisProcess() {
        return of(System.getenv(), ProcessHandle.current().pid());
    }

    static ServiceManager of(Map<String, String> environment, long pid) {
        return new ServiceManager(sockets(environment, pid), environment.getOrDefault("NOTIFY_SOCKET", ""));
    }

    private static List<PassedSocket> sockets(Map<String, String> environment, long pid) {
        String count = environment.getOrDefault("LISTEN_FDS", "0");
        if (!environment.getOrDefault("LISTEN_PID", "").equals(Long.toString(pid))) {
            return List.of(); // none, or another's
        }
        if (!count.matches("[0-9]{1,4}") || Integer.parseInt(count) > SOCKETS_MAX) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "LISTEN_FDS is ''{0}'', which is no number of sockets; none are used",
                    count);
            return List.of();
        }
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        List<PassedSocket> sockets = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(count); i++) {
            boolean named = i < names.length && !names[i].isEmpty();
            sockets.add(new PassedSocket(FIRST_DESCRIPTOR + i, named ? names[i] : "unknown"));
        }
        return sockets;
    }

    /** The sockets that it has passed on, in its order; empty if it has passed none, or nobody has started this so. */
    public List<PassedSocket> sockets() {
        return sockets;
    }

    /** Whether it wants to be told. If not, telling it does nothing. */
    public boolean listens() {
        return !notifyAddress.isEmpty();
    }

    /** Requests are answered from now on; also after {@link #reloading}. */
    public void ready(String status) {
        tell("READY=1\n" + status(status));
    }

    /** It takes on a new configuration, and serves meanwhile; {@link #ready} must follow. */
    public void reloading(String status) {
        // The clock must be CLOCK_MONOTONIC, which is what this one is on Linux: the manager compares it with its own.
        tell("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / NANOS_PER_MICRO + "\n" + status(status));
    }

    /** It has begun to stop. */
    public void stopping(String status) {
        tell("STOPPING=1\n" + status(status));
    }

    /** Another process is the service's main one from now on: one that takes over. */
    public void mainProcess(long pid) {
        tell("MAINPID=" + pid);
    }

    private static String status(String text) {
        return "STATUS=" + text.replace('\n', ' ');
    }

    private void tell(String message) {
        if (!listens()) {
            return;
        }
        int result = UnixDatagram.send(notifyAddress, message.getBytes(StandardCharsets.UTF_8));
        synchronized (this) {
            if (result < 0 && !told) {
                told = true;
                Failure failure = Failure.of(result);
                LOG.log(
                        System.Logger.Level.WARNING,
                        "the service manager at {0} cannot be told {1}: {2}; {3}",
                        notifyAddress,
                        message.lines().findFirst().orElse(""),
                        failure.cause(),
                        failure.remedy());
            }
        }
    }
}
