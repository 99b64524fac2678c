package dev.pumasi.cli;

import dev.pumasi.runtime.ServiceManager.PassedSocket;
import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.Model;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to serve, where and how.
 *
 * @param application what answers
 * @param content what that is, in words
 * @param host the name or address to listen on
 * @param port the port; 0 lets the kernel choose
 * @param loops how many event loops, at least one; of no meaning for models without
 * @param threads how many threads, if the model's own number is not to be taken
 * @param connections how many connections at most
 * @param driver a driver's name, or {@code auto}
 * @param socket what to accept from instead, if a service manager has passed it
 */
record ServeOptions(
        ApplicationChoice application,
        String content,
        String host,
        int port,
        Model model,
        int loops,
        OptionalInt threads,
        int connections,
        String driver,
        Optional<PassedSocket> socket) {

    static final int CONNECTIONS_DEFAULT = 50_000;
}
