package dev.pumasi.cli;

import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.Forker;
import dev.pumasi.server.Model;
import dev.pumasi.server.ProcessModel;
import dev.pumasi.server.ServerBuilder;
import dev.pumasi.server.Supervisor;
import dev.pumasi.server.WorkerPlan;
import dev.pumasi.server.WorkerSettings;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What {@code pumasi serve} can be told about processes. */
final class CrewOptions {

    /** The first argument of a process that is to be a worker. */
    static final String WORKER = "worker";

    /** The first argument of a process that is to serve one connection. */
    static final String CONNECTION = "connection";

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = {
                "How many worker processes in preforked (default: one per processor),",
                "how many processes at most in forking (default: " + Forker.PROCESSES_DEFAULT + ")."
            })
    private @Nullable Integer workers;

    @Option(
            names = "--each",
            paramLabel = "NAME",
            description = {
                "The model of each worker in preforked: green (default), event-loop, worker-pool, prethreaded, threaded",
                "or iterative."
            })
    private @Nullable String each;

    @Option(
            names = "--deaths",
            paramLabel = "N",
            description = {
                "How many workers may die within a minute, in preforked, before the server gives up",
                "(default: " + Supervisor.DEATHS_DEFAULT + ")."
            })
    private @Nullable Integer deaths;

    /** What each worker holds, in words, when there is a plan. */
    private String capacity = "";

    private OptionalInt said = OptionalInt.empty();

    CrewOptions() {}

    /** What is set must mean something. */
    void requireNone(CommandLine command, String model) {
        String given = workers != null
                ? "--workers " + workers
                : each != null ? "--each " + each : deaths != null ? "--deaths " + deaths : null;
        if (given != null) {
            throw new ParameterException(
                    command, given + " means nothing in the model " + model + ", which has no processes; leave it out");
        }
    }

    int deaths() {
        return deaths == null ? Supervisor.DEATHS_DEFAULT : deaths;
    }

    boolean countsLoops(String model) {
        return model.equals(ProcessModel.PREFORKED.label())
                && each().filter(one -> one == Model.GREEN || one == Model.EVENT_LOOP)
                        .isPresent();
    }

    /** Workers without loops have one listening socket. */
    boolean takesSeveralAddresses(String model) {
        return model.equals(ProcessModel.PREFORKED.label())
                && each().filter(Model::hasLoops).isPresent();
    }

    boolean hasThreads() {
        return each().filter(Model::hasThreads).isPresent();
    }

    /** The most that the number of each worker's threads can be. */
    int threadsMax() {
        return each().map(Model::threadsMax).orElse(ServerBuilder.THREADS_MAX);
    }

    /** Empty if there is no such model, which is told elsewhere. */
    private Optional<Model> each() {
        return each == null
                ? Optional.of(Model.GREEN)
                : Arrays.stream(Model.values())
                        .filter(one -> one.label().equals(each))
                        .findFirst();
    }

    /** How many there are unless told: what the configuration of a site says. */
    void byDefault(OptionalInt processes) {
        said = processes;
    }

    private int workers(ProcessModel processes) {
        if (workers != null) {
            return workers;
        }
        if (said.isPresent()) {
            return said.getAsInt();
        }
        return processes == ProcessModel.PREFORKED
                ? Runtime.getRuntime().availableProcessors()
                : Forker.PROCESSES_DEFAULT;
    }

    /** What is said of them when they serve. */
    String words(ProcessModel processes) {
        int count = workers(processes);
        return processes == ProcessModel.PREFORKED
                ? "model preforked; " + count + (count == 1 ? " worker" : " workers") + ", each "
                        + (each == null ? Model.GREEN.label() : each) + " with " + capacity
                : "model forking; at most " + count + (count == 1 ? " process" : " processes")
                        + ", one more connection waits in the kernel's queue";
    }

    WorkerPlan plan(
            CommandLine command,
            ProcessModel processes,
            ApplicationChoice application,
            OptionalInt loops,
            OptionalInt threads,
            OptionalInt connections,
            Optional<String> driver) {
        int count = workers(processes);
        if (count < 1 || count > WorkerPlan.WORKERS_MAX) {
            throw new ParameterException(
                    command, "--workers is " + count + ", and must be from 1 to " + WorkerPlan.WORKERS_MAX);
        }
        if (deaths() < 0) {
            throw new ParameterException(command, "--deaths is " + deaths + ", and cannot be less than 0");
        }
        if (processes == ProcessModel.FORKING) {
            String given = null;
            if (each != null || deaths != null) {
                given = each != null ? "--each " + each : "--deaths " + deaths;
            } else if (driver.isPresent() || connections.isPresent()) {
                given = driver.map(name -> "--driver " + name)
                        .orElseGet(() -> "--connections " + connections.getAsInt());
            }
            if (given != null) {
                throw new ParameterException(command, given + " means nothing in the model forking; leave it out");
            }
            return WorkerPlan.perConnection(count, CONNECTION, WorkerSettings.of(application));
        }
        WorkerSettings settings = new WorkerSettings(
                application,
                model(command),
                loops.orElse(WorkerSettings.LOOPS_DEFAULT),
                threads.orElse(0),
                connections.orElse(WorkerSettings.CONNECTIONS_DEFAULT),
                driver(command, driver),
                WorkerSettings.WARM_UPS_DEFAULT);
        capacity = settings.capacity().toString();
        return WorkerPlan.ofSubcommand(count, WORKER, settings);
    }

    private Model model(CommandLine command) {
        return each().orElseThrow(() -> new ParameterException(
                command, "--each is '" + each + "', and must be one of " + String.join(", ", Model.labels())));
    }

    private static String driver(CommandLine command, Optional<String> asked) {
        String name = asked.orElse(Drivers.AUTO);
        if (name.equals("nio")) {
            throw new ParameterException(
                    command,
                    "--driver nio cannot take over a listening socket; choose auto, io_uring, epoll, poll or select");
        }
        if (!name.equals(Drivers.AUTO) && !Drivers.names().contains(name)) {
            throw new ParameterException(
                    command, "--driver is '" + name + "', and must be auto, " + String.join(", ", Drivers.names()));
        }
        return name;
    }
}
