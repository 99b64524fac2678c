package dev.pumasi.cli;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.ServiceManager.PassedSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The listening sockets that a service manager has passed on, as a site's {@code listen} directives name them: by their addresses. {@code
 * listen 8080} is also the socket that systemd opens for {@code ListenStream=8080}, which takes IPv6 and IPv4.
 *
 * <p>Each is taken over once. An address that a reload drops is not to be had again by another: the manager still listens there.
 */
final class PassedSockets {

    private final Map<SocketAddress, PassedSocket> byListen = new LinkedHashMap<>();

    /**
     * @param addresses where the file listens
     * @throws CannotRun if the file does not name one of them: clients would wait there for ever
     */
    PassedSockets(List<PassedSocket> passed, List<SocketAddress> addresses, Path file, List<Loop> loops)
            throws CannotRun {
        if (passed.isEmpty()) {
            return;
        }
        Map<SocketAddress, PassedSocket> unnamed = new LinkedHashMap<>();
        for (PassedSocket socket : passed) {
            unnamed.put(address(socket, loops.getFirst()), socket);
        }
        List<SocketAddress> rest = new ArrayList<>();
        for (SocketAddress listen : addresses) { // an address itself goes before one that stands for all
            PassedSocket same = unnamed.remove(listen);
            if (same == null) {
                rest.add(listen);
            } else {
                byListen.put(listen, same);
            }
        }
        for (SocketAddress listen : rest) {
            Optional<SocketAddress> like = unnamed.keySet().stream()
                    .filter(each -> isEvery(each, listen))
                    .findFirst();
            like.map(unnamed::remove).ifPresent(socket -> byListen.put(listen, socket));
        }
        for (Map.Entry<SocketAddress, PassedSocket> each : unnamed.entrySet()) {
            throw new CannotRun(
                    "the socket '" + each.getValue().name() + "' was passed to this process, which listens on "
                            + each.getKey() + ", and no 'listen' in " + file
                            + " names that; add one, or take the socket out of the unit.");
        }
    }

    /** The socket for that address, if one was passed and nobody has taken it. */
    Optional<PassedSocket> take(SocketAddress listen) {
        return Optional.ofNullable(byListen.remove(listen));
    }

    private static boolean isEvery(SocketAddress one, SocketAddress other) {
        return one instanceof InetSocketAddress a
                && other instanceof InetSocketAddress b
                && a.getPort() == b.getPort()
                && a.getAddress().isAnyLocalAddress()
                && b.getAddress().isAnyLocalAddress();
    }

    /** What it listens on. It is looked at and not taken. */
    private static SocketAddress address(PassedSocket socket, Loop loop) throws CannotRun {
        try (Listener looked = Listener.inherit(loop, socket.descriptor(), true, _ -> {})) {
            return looked.address();
        } catch (IOException refused) {
            throw new CannotRun(
                    "the socket '" + socket.name() + "' that was passed to this process cannot be taken over: "
                            + refused.getMessage(),
                    refused);
        }
    }
}
