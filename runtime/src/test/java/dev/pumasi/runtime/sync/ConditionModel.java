package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * Items that are announced by a condition, while others wait for it and give up. Who takes waits only for an item that is sure to come,
 * so one who hangs has missed a signal: it was lost, or went to one who had gone.
 */
public class ConditionModel {

    private final Mutex mutex = new Mutex();
    private final Condition condition = mutex.condition();

    /** Items that will come, or are there, and that nobody has been promised yet. */
    private final AtomicInteger promised = new AtomicInteger();

    /** Guarded by the mutex. */
    private int items;

    @Operation
    public void put() throws OperationException {
        promised.incrementAndGet();
        mutex.lock();
        try {
            items++;
            condition.signal();
        } finally {
            mutex.unlock();
        }
    }

    /** Whether there was one. */
    @Operation
    public boolean take() throws OperationException {
        if (promised.getAndUpdate(count -> Math.max(0, count - 1)) == 0) {
            return false;
        }
        mutex.lock();
        try {
            while (items == 0) {
                condition.await();
            }
            items--;
        } finally {
            mutex.unlock();
        }
        return true;
    }

    /** Waits and gives up at once; a signal that comes all the same is another's, and is passed on. */
    @Operation
    public void waitAndGiveUp() throws OperationException {
        mutex.lock();
        try {
            condition.await(Duration.ZERO);
            condition.signal();
        } catch (OperationException given) {
            if (given.failure() != Failure.TIMED_OUT) {
                throw given;
            }
        } finally {
            mutex.unlock(); // held again, however the wait ended; else this fails
        }
    }

    @Validate
    public void nobodyIsLeft() {
        if (mutex.isLocked() || mutex.waiting() != 0 || items != promised.get()) {
            throw new IllegalStateException(mutex.isLocked() + ", " + mutex.waiting() + " wait, " + items + " there, "
                    + promised + " promised");
        }
    }
}
