package dev.pumasi.cli;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What to serve, and where.
 *
 * @param folder the folder whose files are served; empty for the welcome page
 * @param host the name or address to listen on
 * @param port the port; 0 lets the kernel choose
 * @param loops how many event loops, at least one
 * @param driver a driver's name, or {@code auto}
 */
record ServeOptions(Optional<Path> folder, String host, int port, int loops, String driver) {}
