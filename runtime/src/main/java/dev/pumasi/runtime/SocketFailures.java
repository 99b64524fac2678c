package dev.pumasi.runtime;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;

/** Failures in the words of {@code java.net}, with ours as their cause. */
final class SocketFailures {

    private SocketFailures() {}

    /** What who connects expects. */
    static IOException ofConnect(OperationException failure, String host, boolean hasTimeLimit) {
        return caused(
                switch (failure.failure()) {
                    case TIMED_OUT ->
                        hasTimeLimit
                                ? new SocketTimeoutException("Connect timed out")
                                : new ConnectException("Connection timed out");
                    case CONNECTION_REFUSED -> new ConnectException("Connection refused");
                    case UNREACHABLE -> new NoRouteToHostException("No route to host");
                    case NAME_UNKNOWN, NAME_MALFORMED -> new UnknownHostException(HostName.printable(host));
                    case ADDRESS_NOT_AVAILABLE -> new BindException("Cannot assign requested address");
                    case ADDRESS_IN_USE -> new BindException("Address already in use");
                    case PERMISSION_DENIED -> new BindException("Permission denied");
                    default -> onceConnected(failure);
                },
                failure);
    }

    /** What who reads or writes expects. */
    static IOException ofTransfer(OperationException failure) {
        return caused(onceConnected(failure), failure);
    }

    private static IOException onceConnected(OperationException failure) {
        return switch (failure.failure()) {
            case TIMED_OUT -> new SocketTimeoutException("Read timed out");
            case CLOSED, CANCELLED -> new SocketException("Socket closed");
            case CONNECTION_RESET -> new SocketException("Connection reset");
            case PEER_CLOSED -> new SocketException("Broken pipe");
            default -> new SocketException(failure.getMessage());
        };
    }

    private static IOException caused(IOException known, OperationException failure) {
        known.initCause(failure);
        return known;
    }
}
