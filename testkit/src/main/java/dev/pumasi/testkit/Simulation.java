package dev.pumasi.testkit;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.driver.Driver;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A world in which everything is decided by a seed: a virtual clock, a network in memory, and participants that take
 * their steps one after another on one thread. The same seed, program and faults give the same run, event for event, so
 * a failure that was found once is found again: each failure names its seed, {@link Seed#fromCommandLine} takes it.
 *
 * <p><b>A run</b> repeats: what is due on the network happens; of the participants that can go on, the seed chooses one;
 * it takes one step, which costs a little virtual time. When none can go on, time jumps to the next thing that is
 * planned: an event of the network, the end of a participant's wait. Nothing waits in real time, and an hour of timeouts
 * passes in milliseconds.
 *
 * <p><b>It ends</b> when its condition holds. It fails when virtual time reaches the deadline; when nobody can go on and
 * nothing is planned (a deadlock); when the steps exceed their maximum (somebody spins); when a step throws. The message
 * says who waits for what, and the last events.
 *
 * <p><b>What it will not do:</b> make a program repeatable that takes time, chance or threads from elsewhere. Code under
 * test reads the driver's clock, draws from a seed, and runs on its loop; a thread of its own, {@code System.nanoTime},
 * the iteration order of identity hashes make two runs differ, and {@link Trace#difference} shows where. Wake-ups from
 * foreign threads are accepted, in whatever order they come.
 *
 * <p>The model is TigerBeetle's simulator ({@code src/vopr.zig}, {@code src/testing/}). Confined to one thread, the one
 * that created it, unless a method says otherwise.
 */
public final class Simulation implements AutoCloseable {

    /** How many steps one run may take, unless the simulation is given another maximum. */
    public static final long STEPS_MAX = 2_000_000;

    /** How long, in real time, a poll by hand waits for a foreign thread when nothing is planned. */
    private static final long FOREIGN_WAKE_NANOS = 5_000_000_000L;

    private static final int WAITS_SHOWN_MAX = 12;

    private final Seed seed;
    private final long stepsMax;
    private final Dice dice;
    private final SimClock clock = new SimClock();
    private final EventQueue events = new EventQueue();
    private final Trace trace;
    private final SimNetwork network;

    private final Map<String, SimDriver> drivers = new LinkedHashMap<>();
    private final List<Participant> participants = new ArrayList<>();
    private final List<Loop> loops = new ArrayList<>();
    private final List<SimClient> clients = new ArrayList<>();
    private final Map<InetAddress, SimDisk> disks = new LinkedHashMap<>();
    private final Map<Participant, Long> stalledUntilNanos = new LinkedHashMap<>();
    private final List<Participant> ready = new ArrayList<>();

    private boolean running;
    private long steps;
    private volatile @Nullable Thread polling;

    public Simulation(Seed seed, SimFaults faults) {
        this(seed, faults, STEPS_MAX, Trace.LINES_MAX, null);
    }

    /**
     * @param stepsMax how many steps one run may take
     * @param traceLinesMax how many events the trace keeps
     * @param traceStream where each event is also written, or null
     */
    public Simulation(Seed seed, SimFaults faults, long stepsMax, int traceLinesMax, @Nullable Appendable traceStream) {
        this.seed = seed;
        this.stepsMax = stepsMax;
        dice = seed.split("simulation").dice();
        trace = new Trace(traceLinesMax, traceStream);
        network = new SimNetwork(clock, events, trace, faults);
    }

    public Seed seed() {
        return seed;
    }

    public SimClock clock() {
        return clock;
    }

    public SimNetwork network() {
        return network;
    }

    public Trace trace() {
        return trace;
    }

    /** The disk of the machine {@code host(1)}. */
    public SimDisk disk() {
        return disk(host(1));
    }

    /** The disk of the machine with this address: the one that was {@linkplain #insert inserted}, or else an empty one. */
    public SimDisk disk(InetAddress host) {
        return disks.computeIfAbsent(host, _ -> new SimDisk());
    }

    /** Gives a machine a disk that there is already, what is left after a crash for example; before its first driver. */
    public void insert(InetAddress host, SimDisk disk) {
        if (disks.putIfAbsent(host, disk) != null) {
            throw new IllegalStateException("the machine " + host.getHostAddress() + " has a disk already");
        }
    }

    /** How many steps all participants have taken. */
    public long steps() {
        return steps;
    }

    // ------------------------------------------------------------------------------------------ who takes part

    /** The address 10.0.0.{@code number} of a simulated machine. */
    public static InetAddress host(int number) {
        if (number < 1 || number > 254) {
            throw new IllegalArgumentException("machines are numbered 1 to 254, not " + number);
        }
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) number});
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** A driver on the machine where everybody is who is not placed elsewhere, {@code host(1)}. */
    public SimDriver driver(String name) {
        return driver(name, host(1));
    }

    /** A driver on the machine with this address. Its owner is driven once it is {@linkplain #add added}. */
    public SimDriver driver(String name, InetAddress host) {
        SimDriver driver = new SimDriver(this, network.node(name, host, seed.split("driver " + name)));
        if (drivers.putIfAbsent(name, driver) != null) {
            throw new IllegalArgumentException("there is a driver named " + name + " already");
        }
        return driver;
    }

    /**
     * Takes in whoever owns a driver.
     *
     * @param turn one duty cycle, with exactly one poll
     * @param hasWork whether the owner has something to do besides what the driver knows of: tasks handed to it by
     *     another participant, for example
     */
    public void add(SimDriver driver, Runnable turn, BooleanSupplier hasWork) {
        add(new Participant() {
            @Override
            public String name() {
                return driver.owner();
            }

            @Override
            public void step() {
                turn.run();
            }

            @Override
            public boolean isRunnable() {
                return !driver.isClosed() && (driver.hasNews() || hasWork.getAsBoolean());
            }

            @Override
            public long wakeNanos() {
                return driver.isClosed() ? NEVER : driver.waitsUntilNanos();
            }

            @Override
            public List<String> waitingFor() {
                return driver.waitingFor();
            }
        });
    }

    /** As {@link #add(SimDriver, Runnable, BooleanSupplier)}, for an owner to whom everything comes by its driver. */
    public void add(SimDriver driver, Runnable turn) {
        add(driver, turn, () -> false);
    }

    public void add(Participant participant) {
        for (Participant other : participants) {
            if (other.name().equals(participant.name())) {
                throw new IllegalArgumentException("there is a participant named " + other.name() + " already");
            }
        }
        participants.add(participant);
    }

    /** A loop on the machine {@code host(1)}, with a driver of its own; it takes part at once. */
    public Loop loop(String name) {
        return loop(name, host(1));
    }

    /**
     * A loop on the machine with this address, with a driver of its own; it takes part at once and is closed with the
     * simulation. Green threads must run on their loop ({@link Loop#greenThreadsRunOnLoop}), or else the JDK's scheduler
     * decides their order, and not the seed.
     */
    public Loop loop(String name, InetAddress host) {
        SimDriver driver = driver(name, host);
        Loop loop = Loop.open(name, () -> driver);
        add(driver, () -> loop.turn(Driver.FOREVER), loop::hasWork);
        loops.add(loop);
        return loop;
    }

    /** A scripted client on the machine {@code host(1)}; it takes part at once. */
    public SimClient client(String name) {
        return client(name, host(1));
    }

    /** A scripted client on the machine with this address; it takes part at once. */
    public SimClient client(String name, InetAddress host) {
        SimClient client = new SimClient(network, network.node(name, host, seed.split("client " + name)));
        add(client);
        clients.add(client);
        return client;
    }

    /** Plans something for later, in virtual time: that a network is cut, that a participant is told to stop. */
    public void after(Duration delay, String what, Runnable action) {
        network.in(delay.toNanos(), () -> {
            network.note("plan", what);
            action.run();
        });
    }

    // ------------------------------------------------------------------------------------------ running

    /**
     * Runs until the condition holds; it is looked at before each step and each jump of time.
     *
     * @param limit how much virtual time may pass
     * @throws SimulationFailure if it does not come to hold
     */
    public void runUntil(BooleanSupplier condition, Duration limit) {
        long deadlineNanos = deadline(limit);
        String verdict = run(condition, deadlineNanos);
        if (!verdict.isEmpty()) {
            throw failure(verdict, null);
        }
    }

    /** Runs for as much virtual time. */
    public void runFor(Duration time) {
        long untilNanos = deadline(time);
        events.add(untilNanos, () -> {});
        runUntil(() -> clock.elapsedNanos() >= untilNanos, time.plusNanos(1));
    }

    /** Runs until nothing is planned on the network and nobody can go on without waiting for a time. */
    public void settle(Duration limit) {
        runUntil(() -> events.nextNanos() == EventQueue.NEVER && !anyReady(), limit);
    }

    private long deadline(Duration limit) {
        return clock.elapsedNanos() + limit.toNanos();
    }

    /** Empty if the condition held, or else what was wrong. */
    private String run(BooleanSupplier condition, long deadlineNanos) {
        if (running) {
            throw new IllegalStateException("a participant's step cannot run the simulation it is part of");
        }
        running = true;
        long stepsAtFirst = steps;
        try {
            while (true) {
                events.runUntil(clock.elapsedNanos());
                if (condition.getAsBoolean()) {
                    return "";
                }
                if (clock.elapsedNanos() >= deadlineNanos) {
                    return "the condition did not come to hold in time";
                }
                if (steps - stepsAtFirst >= stepsMax) {
                    return "the condition did not come to hold in " + stepsMax + " steps: somebody spins";
                }
                if (anyReady()) {
                    step(ready.get(dice.below(ready.size())));
                    continue;
                }
                long next = nextNanos();
                if (next == EventQueue.NEVER) {
                    return "deadlock: nobody can go on and nothing is planned";
                }
                if (!participants.isEmpty()
                        && dice.chance(network.faults().machine().idle())) {
                    step(participants.get(dice.below(participants.size())));
                    continue;
                }
                clock.advanceTo(Math.max(clock.elapsedNanos(), Math.min(next, deadlineNanos)));
            }
        } finally {
            running = false;
        }
    }

    private boolean anyReady() {
        ready.clear();
        long now = clock.elapsedNanos();
        for (Participant participant : participants) {
            if (stalledUntil(participant) <= now && (participant.isRunnable() || participant.wakeNanos() <= now)) {
                ready.add(participant);
            }
        }
        return !ready.isEmpty();
    }

    private long nextNanos() {
        long next = events.nextNanos();
        long now = clock.elapsedNanos();
        for (Participant participant : participants) {
            long stalled = stalledUntil(participant);
            boolean waits = stalled <= now || !participant.isRunnable();
            next = Math.min(next, waits ? Math.max(stalled, participant.wakeNanos()) : stalled);
        }
        return next;
    }

    private long stalledUntil(Participant participant) {
        return stalledUntilNanos.getOrDefault(participant, 0L);
    }

    private void step(Participant participant) {
        steps++;
        try {
            participant.step();
        } catch (SimulationFailure failure) {
            throw failure;
        } catch (Throwable thrown) {
            throw failure(participant.name() + " failed: " + thrown, thrown);
        }
        SimFaults.Machine machine = network.faults().machine();
        if (dice.chance(machine.stall())) {
            long nanos = dice.within(machine.stallNanos());
            network.note(participant.name(), "stands still for " + nanos + " ns");
            stalledUntilNanos.put(participant, clock.elapsedNanos() + nanos);
        }
        clock.advanceTo(clock.elapsedNanos() + dice.within(machine.stepNanos()));
    }

    private SimulationFailure failure(String what, @Nullable Throwable cause) {
        StringBuilder text = new StringBuilder(what)
                .append("\n  after ")
                .append(clock.elapsedNanos() / 1_000)
                .append(" µs of virtual time, ")
                .append(steps)
                .append(" steps, ")
                .append(trace.count())
                .append(" events\n");
        for (Participant participant : participants) {
            List<String> waits = participant.waitingFor();
            text.append("  ").append(participant.name()).append(" waits for ");
            text.append(
                    waits.isEmpty()
                            ? "nothing"
                            : String.join(
                                    "; ", waits.stream().limit(WAITS_SHOWN_MAX).toList()));
            text.append(
                    waits.size() > WAITS_SHOWN_MAX ? "; and " + (waits.size() - WAITS_SHOWN_MAX) + " more\n" : "\n");
        }
        text.append("  the last events:\n");
        trace.latest().forEach(line -> text.append("    ").append(line).append('\n'));
        return new SimulationFailure(
                text.append("  again with ").append(seed.replay()).toString(), cause);
    }

    // ------------------------------------------------------------------------------------------ for drivers

    boolean isRunning() {
        return running;
    }

    /** For a poll by hand: lets time pass until the driver has something to try, or the wait is over. */
    void passUntil(SimDriver driver, long untilNanos) {
        while (true) {
            events.runUntil(clock.elapsedNanos());
            if (driver.hasNews() || clock.elapsedNanos() >= untilNanos) {
                return;
            }
            long next = Math.min(events.nextNanos(), untilNanos);
            if (next != EventQueue.NEVER) {
                clock.advanceTo(next);
            } else {
                awaitForeignWake(driver);
            }
        }
    }

    /** A poll by hand takes as long as a step does, or else a test that never waits would stop time. */
    long passOneStep() {
        clock.advanceTo(
                clock.elapsedNanos() + dice.within(network.faults().machine().stepNanos()));
        return clock.elapsedNanos();
    }

    /** Only another thread can end this wait, and it lives in real time. */
    private void awaitForeignWake(SimDriver driver) {
        long began = System.nanoTime();
        // Published before the flag is looked at; wake() sets the flag before it looks here. One of the two sees the
        // other.
        polling = Thread.currentThread();
        try {
            while (!driver.hasNews()) {
                long left = FOREIGN_WAKE_NANOS - (System.nanoTime() - began);
                if (left <= 0) {
                    throw failure(driver.owner() + " polls for ever: nothing is planned, and nobody wakes it", null);
                }
                LockSupport.parkNanos(this, left);
            }
        } finally {
            polling = null;
        }
    }

    /** Any thread: some driver was woken. */
    void nudge() {
        LockSupport.unpark(polling);
    }

    void left(SimDriver driver) {
        network.note(driver.owner(), "closes its driver");
    }

    /** Closes all loops, drivers and clients that are still open, in the order in which they came. */
    @Override
    public void close() {
        loops.forEach(Loop::close);
        drivers.values().forEach(SimDriver::close);
        clients.forEach(SimClient::leave);
    }
}
