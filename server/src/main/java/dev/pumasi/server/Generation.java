package dev.pumasi.server;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The first workers of one plan, on their way: all are started, and when all are ready all are told to serve; as soon as one
 * fails, none of them is wanted any more. So either a whole generation takes traffic or nobody has noticed it. Belongs to the
 * supervisor's loop.
 */
final class Generation {

    final int number;
    final WorkerPlan plan;
    private final List<WorkerProcess> workers = new ArrayList<>();
    private final Runnable served;
    private final Consumer<String> failed;
    private final boolean refusesBroken;
    private boolean over;

    /**
     * @param refusesBroken whether workers that answer all their own requests with 5xx count as failed
     * @param served all serve
     * @param failed one has failed, and why
     */
    Generation(int number, WorkerPlan plan, boolean refusesBroken, Runnable served, Consumer<String> failed) {
        this.number = number;
        this.plan = plan;
        this.refusesBroken = refusesBroken;
        this.served = served;
        this.failed = failed;
    }

    void start(Loop loop, List<Listener> listeners, Duration readyLimit, WorkerProcess.Watcher watcher) {
        for (int i = 0; i < plan.workers(); i++) {
            WorkerProcess worker = WorkerProcess.start(loop, plan, listeners, readyLimit, watcher);
            worker.generation(number);
            workers.add(worker);
        }
    }

    /** Whether workers that answer all their own requests with 5xx count as failed. */
    boolean refusesBroken() {
        return refusesBroken;
    }

    /** Those that have not ended. */
    List<WorkerProcess> workers() {
        return List.copyOf(workers);
    }

    boolean has(WorkerProcess worker) {
        return workers.contains(worker);
    }

    void ready(WorkerProcess worker) {
        if (refusesBroken && worker.failsEverything()) {
            fail(worker + " answered each of its " + worker.warmUps() + " requests to itself (GET /) with 5xx");
        } else if (!over && workers.stream().allMatch(other -> other.state() == WorkerProcess.State.READY)) {
            workers.forEach(WorkerProcess::serve);
        }
    }

    void serving(WorkerProcess worker) {
        if (!over && workers.stream().allMatch(other -> other.state() == WorkerProcess.State.SERVING)) {
            over = true;
            served.run();
        }
    }

    void leaving(WorkerProcess worker) {
        fail(worker + " left before the others served");
    }

    void gone(WorkerProcess worker) {
        workers.remove(worker);
        fail(worker + " " + worker.howItEnded());
    }

    /** Ends all of it. */
    void fail(String why) {
        if (!over) {
            over = true;
            // Some may have begun to accept: they leave as workers do.
            workers.forEach(worker -> worker.leave(ControlLine.RETIRE, Supervisor.RETIRE_PATIENCE_DEFAULT));
            failed.accept(why);
        }
    }
}
