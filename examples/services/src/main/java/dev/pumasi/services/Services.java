package dev.pumasi.services;

import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.HttpClient;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/**
 * Three services, in three processes: <b>orders</b> takes an order, <b>stock</b> packs the parcel, <b>mail</b> tells the customer. They
 * are run twice under the same customers and the same failures: mail is killed, comes back, is slow, is well; stock is
 * killed, and comes back.
 *
 * <p>First they <b>call each other</b> over HTTP (S29): orders waits for stock, and stock for mail. Each of them works, and yet an
 * order can only be taken when all three do, and takes as long as all three. A failure travels up the chain to the customer, and
 * leaves behind what was done before it came: parcels for orders that were refused.
 *
 * <p>Then they <b>talk through a queue</b> (S30), which orders has embedded: it puts the order into it, durably, and answers. Stock
 * watches for orders, mail for parcels, both over HTTP with the same interfaces as in the process itself. Who is dead or slow
 * finds its messages when it is back.
 *
 * <p>What was lost is counted, not claimed: what customers were told is held against what stands in the files in which stock and mail
 * write down what they have done.
 */
public final class Services {

    /** How long the last letters may take when everybody is well again. */
    private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(60);

    private static final Duration DRAIN_LOOK = Duration.ofMillis(50);

    /** What a service waits for another one, when they call each other. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** What a letter takes when mail is slow. */
    static final Duration SLOW_LETTER = Duration.ofMillis(400);

    /** What happens, in this order. */
    enum Act {
        WELL("all is well"),
        MAIL_KILLED("mail is killed"),
        MAIL_BACK("mail is back"),
        MAIL_SLOW("mail is slow"),
        MAIL_WELL("mail is well again"),
        STOCK_KILLED("stock is killed"),
        STOCK_BACK("stock is back");

        final String words;

        Act(String words) {
            this.words = words;
        }
    }

    /**
     * How much of it.
     *
     * @param actSeconds how long each act takes, at least
     * @param perSecond how many customers order
     * @param patience how long a service waits for another one, when they call each other
     */
    record Extent(double actSeconds, double perSecond, Duration patience) {
        int customers() {
            return (int) Math.max(1, actSeconds * perSecond);
        }
    }

    /**
     * What came of it, one way.
     *
     * @param begins when each act began, and when the last one ended
     * @param drainedMillis how long after the end the last letter came
     */
    record Outcome(
            Way way,
            List<Customers.Seen> seen,
            List<Notebook.Entry> parcels,
            List<Notebook.Entry> letters,
            List<Long> begins,
            long drainedMillis) {

        Set<String> ids(boolean accepted) {
            return seen.stream()
                    .filter(one -> one.isAccepted() == accepted)
                    .map(Customers.Seen::id)
                    .collect(Collectors.toSet());
        }

        private static Set<String> ids(List<Notebook.Entry> entries) {
            return entries.stream().map(Notebook.Entry::id).collect(Collectors.toCollection(HashSet::new));
        }

        /** Orders that were accepted, and of which the customer never heard again. */
        Set<String> lost() {
            Set<String> lost = new HashSet<>(ids(true));
            lost.removeAll(ids(letters));
            return lost;
        }

        /** Parcels that were packed for orders that were refused. */
        Set<String> packedForNobody() {
            Set<String> packed = ids(parcels);
            packed.retainAll(ids(false));
            return packed;
        }

        /** Customers who were refused, and got a letter all the same. */
        Set<String> toldBoth() {
            Set<String> told = ids(letters);
            told.retainAll(ids(false));
            return told;
        }

        /** How many letters went out that had gone out before. */
        long twice() {
            return letters.size() - ids(letters).size();
        }
    }

    private final PrintStream out;
    private final Extent extent;
    private final Loop loop;
    private final HttpClient client;

    private Services(PrintStream out, Extent extent, Loop loop, HttpClient client) {
        this.out = out;
        this.extent = extent;
        this.loop = loop;
        this.client = client;
    }

    public static void main(String[] args) throws Exception {
        double actSeconds = 2;
        double perSecond = 40;
        Optional<Path> json = Optional.empty();
        Optional<Path> folder = Optional.empty();
        try {
            for (int i = 0; i < args.length; i += 2) {
                if (i + 1 == args.length) {
                    throw new IllegalArgumentException(args[i] + " needs a value");
                }
                switch (args[i]) {
                    case "--phase" -> actSeconds = within(args[i], args[i + 1], 0.2, 600);
                    case "--rate" -> perSecond = within(args[i], args[i + 1], 1, 500);
                    case "--json" -> json = Optional.of(Path.of(args[i + 1]));
                    case "--folder" -> folder = Optional.of(Path.of(args[i + 1]));
                    default -> throw new IllegalArgumentException("there is no option " + args[i]);
                }
            }
        } catch (IllegalArgumentException wrong) {
            System.err.println("services: " + wrong.getMessage());
            System.err.println(
                    "examples/services/run [--phase SECONDS] [--rate ORDERS_A_SECOND] [--json FILE] [--folder FOLDER]");
            System.exit(2);
        }
        boolean ours = folder.isEmpty();
        Path place =
                ours ? Files.createTempDirectory("pumasi-services") : Files.createDirectories(folder.orElseThrow());
        try {
            if (json.isPresent()) { // before anything is run: to find out afterwards would be late
                Files.write(json.get(), new byte[0]);
            }
            Report.print(System.out, run(System.out, new Extent(actSeconds, perSecond, PATIENCE), place, json));
            json.ifPresent(
                    file -> System.out.println("Every order, letter and act is a line of JSON in " + file + "."));
        } finally {
            if (ours) {
                delete(place);
            }
        }
    }

    private static double within(String name, String text, double least, double most) {
        double number;
        try {
            number = Double.parseDouble(text);
        } catch (NumberFormatException none) {
            throw new IllegalArgumentException(name + " is '" + text + "', and must be a number", none);
        }
        if (!(number >= least && number <= most)) {
            throw new IllegalArgumentException(name + " is " + text + ", and must be from " + least + " to " + most);
        }
        return number;
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /**
     * Runs it both ways, in folders below that one.
     *
     * @param json where the lines of each way are written as soon as it is over
     */
    static Map<Way, Outcome> run(PrintStream out, Extent extent, Path folder, Optional<Path> json) throws Exception {
        Map<Way, Outcome> outcomes = new EnumMap<>(Way.class);
        try (LoopGroup loops =
                        LoopGroup.start("town", 1, Drivers.choose(Drivers.AUTO).factory());
                HttpClient client = HttpClient.builder()
                        .limits(ClientLimits.builder()
                                .connectionsPerOriginMax(1024)
                                .build())
                        .open()) {
            Loop loop = loops.next();
            for (Way way : Way.values()) {
                Path place = Files.createDirectories(folder.resolve(way.name().toLowerCase(Locale.ROOT)));
                CompletableFuture<Outcome> outcome = new CompletableFuture<>();
                loop.spawn(() -> {
                    try {
                        outcome.complete(new Services(out, extent, loop, client).run(way, place));
                    } catch (Throwable failed) {
                        outcome.completeExceptionally(failed);
                    }
                });
                try {
                    outcomes.put(way, outcome.get());
                    if (json.isPresent()) {
                        Report.appendJson(json.get(), outcome.get());
                    }
                } catch (ExecutionException failed) {
                    throw failed.getCause() instanceof Exception cause ? cause : failed;
                }
            }
        }
        return outcomes;
    }

    private Outcome run(Way way, Path folder) throws IOException {
        out.println();
        out.println((way == Way.CALLS ? "First " : "Now ") + way.words + ".");
        List<Long> begins = new ArrayList<>();
        try (Town town = Town.open(loop, way, folder, extent.patience())) {
            Customers customers = new Customers(loop, client, town.url("orders"));
            long began = System.currentTimeMillis();
            for (Act act : Act.values()) {
                Thread meanwhile = begin(act, town);
                begins.add(System.currentTimeMillis());
                out.printf(Locale.ROOT, "%6.1f s  %s%n", (begins.getLast() - began) / 1e3, act.words);
                customers.come(act.ordinal(), extent.customers(), extent.perSecond());
                loop.join(meanwhile).await();
            }
            long end = System.currentTimeMillis();
            begins.add(end);
            List<Customers.Seen> seen = customers.all();
            drain(seen, folder.resolve(Mail.NOTEBOOK));
            return new Outcome(
                    way,
                    seen,
                    Notebook.read(folder.resolve(Stock.NOTEBOOK)),
                    Notebook.read(folder.resolve(Mail.NOTEBOOK)),
                    begins,
                    System.currentTimeMillis() - end);
        }
    }

    /** Does what the act says. Who is killed is dead when this returns; who comes back does so meanwhile. */
    private Thread begin(Act act, Town town) throws IOException {
        return switch (act) {
            case WELL -> loop.spawn(() -> {});
            case MAIL_KILLED -> {
                town.kill("mail");
                yield loop.spawn(() -> {});
            }
            case MAIL_BACK -> loop.spawn(() -> town.start("mail"));
            case MAIL_SLOW -> {
                town.slowMail(client, SLOW_LETTER);
                yield loop.spawn(() -> {});
            }
            case MAIL_WELL -> {
                town.slowMail(client, Mail.LETTER);
                yield loop.spawn(() -> {});
            }
            case STOCK_KILLED -> {
                town.kill("stock");
                yield loop.spawn(() -> {});
            }
            case STOCK_BACK -> loop.spawn(() -> town.start("stock"));
        };
    }

    /** Waits until everybody whose order was accepted has his letter; not for ever. */
    private void drain(List<Customers.Seen> seen, Path letters) throws IOException {
        Set<String> accepted = seen.stream()
                .filter(Customers.Seen::isAccepted)
                .map(Customers.Seen::id)
                .collect(Collectors.toSet());
        long deadline = System.nanoTime() + DRAIN_PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            if (Outcome.ids(Notebook.read(letters)).containsAll(accepted)) {
                return;
            }
            loop.sleep(DRAIN_LOOK).await();
        }
    }
}
