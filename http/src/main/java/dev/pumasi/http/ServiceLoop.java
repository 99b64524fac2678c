package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import org.jspecify.annotations.Nullable;

/**
 * A loop beside the threads that serve, for the operations of handlers that block their thread: it is made when one is first
 * asked for. Any thread may call.
 */
final class ServiceLoop implements AutoCloseable {

    private final String driver;
    private @Nullable LoopGroup loops; // guarded by this
    private boolean closed; // guarded by this

    ServiceLoop(String driver) {
        this.driver = driver;
    }

    /** Blocks a moment the first time. */
    synchronized Loop loop() {
        if (closed) {
            throw new IllegalStateException("the server has been closed");
        }
        LoopGroup known = loops;
        if (known == null) {
            known = LoopGroup.start("pumasi-service", 1, Drivers.choose(driver).factory());
            loops = known;
        }
        return known.loops().getFirst();
    }

    @Override
    public void close() {
        LoopGroup own;
        synchronized (this) {
            closed = true;
            own = loops;
            loops = null;
        }
        if (own != null) {
            own.close();
        }
    }
}
