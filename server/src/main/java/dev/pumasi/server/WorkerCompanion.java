package dev.pumasi.server;

import dev.pumasi.http.Server;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.util.List;

/**
 * What a {@link Worker} carries along beside its servers, such as an eye for whoever watches all workers. Its class is public, has a
 * public constructor without parameters, and is named in a file {@code META-INF/services/dev.pumasi.server.WorkerCompanion} on
 * the class path of the worker's own program; what an application brings in a class path of its own is not looked at.
 *
 * <p>It must cost next to nothing until somebody wants something of it: each worker of each program has it.
 */
public interface WorkerCompanion {

    /**
     * Called once, on a thread that may block, when the worker is ready and before it serves.
     *
     * @param servers one for each address; they share their loops
     * @param loops those of its servers; in a model without any, the one by which the worker hears its supervisor
     * @return what ends it, closed when the worker has left
     * @throws IOException to do without; it is logged, and the worker serves all the same
     */
    AutoCloseable accompany(List<Server> servers, List<Loop> loops) throws IOException;
}
