package dev.pumasi.cli;

import java.time.Duration;

/** A server that runs: all that {@link ServeCommand} knows about one. */
interface Site {

    /** Returns the port it listens on; never 0. */
    int port();

    /** Returns the name of the driver its loops run on, with the reason if it was chosen automatically. */
    String driver();

    /** Returns the number of its event loops. */
    int loops();

    /** Accepts no more, lets requests in progress end, and closes; after {@code patience} at the latest. Blocks. */
    void stop(Duration patience);
}
