package dev.pumasi.it;

import dev.pumasi.server.SupervisorSocket;
import dev.pumasi.server.SupervisorSocket.Answer;
import dev.pumasi.server.SupervisorSocket.Wish;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reloads a server and kills its workers while clients ask it without pause ({@link RestartLoad}), and counts which requests
 * failed: {@code it/restarts RELOADS KILLS}. A reload may cost none; a {@code kill -9} only those that the killed worker had.
 */
final class Restarts {

    static final int WORKERS = 2;
    static final int CLIENTS_OF_EACH_KIND = 4;

    private static final Pattern SERVING = Pattern.compile("Serving .* on http://[^ ]*:(\\d+)/ .*");

    /** How soon after its end the client of a killed worker must have noticed. */
    private static final long NOTICED_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** How long there is nothing but load between two rounds. */
    private static final long ROUND_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** Every so many rounds it is said how far this is. */
    private static final int REPORTED_ROUNDS = 10;

    /** A worker that was killed, when, and when it was gone: until then it could be given connections. */
    record Kill(long worker, long nanos, long goneNanos) {}

    /**
     * What came of it.
     *
     * @param ofKilled requests that failed and were the killed workers' own
     * @param others requests that failed and should not have
     */
    record Result(
            long answered,
            long connections,
            int reloads,
            int kills,
            List<RestartLoad.Failed> ofKilled,
            List<RestartLoad.Failed> others) {}

    private Restarts() {}

    public static void main(String[] arguments) throws Exception {
        int reloads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100;
        int kills = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20;
        String model = arguments.length > 2 ? arguments[2] : "green";
        long begin = System.nanoTime();
        Result reloaded = run(reloads, 0, model, 1);
        Result killed = run(0, kills, model, 2);
        report(reloaded, killed, System.out);
        System.out.printf(
                Locale.ROOT,
                "%d workers of the model %s, %d clients, %.0f s%n",
                WORKERS,
                model,
                3 * CLIENTS_OF_EACH_KIND,
                (System.nanoTime() - begin) / 1e9);
        System.exit(reloaded.others.isEmpty() && reloaded.ofKilled.isEmpty() && killed.others.isEmpty() ? 0 : 1);
    }

    /** Starts a server, restarts it so often, and stops it. */
    static Result run(int reloads, int kills, String model, long seed) throws Exception {
        Process server = Launched.pumasi(
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--model",
                "preforked",
                "--each",
                model,
                "--workers",
                Integer.toString(WORKERS),
                "--deaths",
                Integer.toString(kills + 1),
                "--app",
                RestartsApplication.class.getName(),
                "--class-path",
                Checkout.ROOT.resolve("it/target/test-classes").toString());
        try {
            BufferedReader out = server.inputReader();
            String line = String.valueOf(out.readLine());
            Matcher serving = SERVING.matcher(line);
            if (!serving.matches()) {
                throw new IOException("the server does not serve, but says: " + line);
            }
            Thread.ofPlatform().daemon().start(() -> readOn(out));
            try (RestartLoad load = RestartLoad.start(Integer.parseInt(serving.group(1)), CLIENTS_OF_EACH_KIND, seed)) {
                List<Kill> killed = restart(server.toHandle(), load, reloads, kills, new Random(seed));
                load.close();
                return result(load, reloads, killed);
            }
        } finally {
            server.destroy();
            if (!server.waitFor(20, TimeUnit.SECONDS)) {
                server.destroyForcibly().waitFor();
            }
        }
    }

    private static void tellProgress(String what, int round, RestartLoad load) {
        String line = what + " " + round + ": requests answered " + load.answered();
        System.err.println(line + ", failed " + load.failures().size());
    }

    /** What the server says further must be read, or it would wait. */
    private static void readOn(BufferedReader out) {
        try {
            String line = out.readLine();
            while (line != null) {
                line = out.readLine();
            }
        } catch (IOException ended) {
            // It has been destroyed.
        }
    }

    private static List<Kill> restart(ProcessHandle server, RestartLoad load, int reloads, int kills, Random random)
            throws IOException {
        List<Kill> killed = new ArrayList<>();
        for (int round = 0; round < reloads + kills; round++) {
            answeredBy(load, load.answered() + 20);
            LockSupport.parkNanos(ROUND_PAUSE_NANOS);
            if (round % REPORTED_ROUNDS == 0) {
                tellProgress(round < reloads ? "reload" : "kill", round, load);
            }
            if (round < reloads) {
                Answer answer = SupervisorSocket.ask(server, Wish.RELOAD);
                if (!answer.done()) {
                    throw new IOException("a reload was refused: " + answer.text());
                }
            } else {
                List<ProcessHandle> workers = workers(server, WORKERS);
                ProcessHandle victim = workers.get(random.nextInt(workers.size()));
                long nanos = System.nanoTime();
                victim.destroyForcibly();
                killed.add(new Kill(victim.pid(), nanos, gone(victim)));
            }
        }
        answeredBy(load, load.answered() + 100);
        return killed;
    }

    /** The load goes on as it should. */
    private static void answeredBy(RestartLoad load, long count) {
        long begin = System.nanoTime();
        while (load.answered() < count) {
            if (System.nanoTime() - begin > DEADLINE_NANOS) {
                throw new AssertionError(
                        "nobody answers any more; so far " + load.answered() + ", failed: " + load.failures());
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** When it was. Its connections and its place in the queue end before the process counts as ended. */
    private static long gone(ProcessHandle process) {
        long begin = System.nanoTime();
        while (process.isAlive()) {
            if (System.nanoTime() - begin > DEADLINE_NANOS) {
                throw new AssertionError("killed, and still there: " + process);
            }
            LockSupport.parkNanos(1_000_000);
        }
        return System.nanoTime();
    }

    private static List<ProcessHandle> workers(ProcessHandle server, int count) {
        long begin = System.nanoTime();
        while (true) {
            List<ProcessHandle> workers = server.children().toList();
            if (workers.size() >= count || System.nanoTime() - begin > DEADLINE_NANOS) {
                return workers;
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static Result result(RestartLoad load, int reloads, List<Kill> kills) {
        List<RestartLoad.Failed> ofKilled = new ArrayList<>();
        List<RestartLoad.Failed> others = new ArrayList<>();
        for (RestartLoad.Failed failed : load.failures()) {
            (kills.stream().anyMatch(kill -> isOf(kill, failed)) ? ofKilled : others).add(failed);
        }
        return new Result(load.answered(), load.connections(), reloads, kills.size(), ofKilled, others);
    }

    /** Whether that worker had the connection; if nothing had been answered on it, whether it could have had it. */
    private static boolean isOf(Kill kill, RestartLoad.Failed failed) {
        boolean unanswered = failed.kind() == RestartLoad.Kind.UNANSWERED || failed.kind() == RestartLoad.Kind.CUT;
        return unanswered
                && failed.endedNanos() - kill.nanos() >= 0
                && failed.endedNanos() - kill.goneNanos() < NOTICED_NANOS
                && (failed.worker() == kill.worker()
                        || failed.worker() == 0 && failed.beganNanos() - kill.goneNanos() < 0);
    }

    private static void report(Result reloaded, Result killed, PrintStream out) {
        out.println(
                "| | rounds | connections | requests answered, every byte compared | failed | of those, the killed workers' own |");
        out.println("|---|---|---|---|---|---|");
        row("reload", reloaded.reloads, reloaded, out);
        row("kill -9 of a worker", killed.kills, killed, out);
        for (Result result : List.of(reloaded, killed)) {
            Map<RestartLoad.Kind, Integer> kinds = new EnumMap<>(RestartLoad.Kind.class);
            result.ofKilled.forEach(failed -> kinds.merge(failed.kind(), 1, Integer::sum));
            if (!kinds.isEmpty()) {
                out.println("the killed workers' own: " + kinds);
            }
            result.others.forEach(failed -> out.println("should not have failed: " + failed));
        }
    }

    private static void row(String what, int rounds, Result result, PrintStream out) {
        out.printf(
                Locale.ROOT,
                "| %s | %d | %d | %d | %d | %d |%n",
                what,
                rounds,
                result.connections,
                result.answered,
                result.ofKilled.size() + result.others.size(),
                result.ofKilled.size());
    }
}
