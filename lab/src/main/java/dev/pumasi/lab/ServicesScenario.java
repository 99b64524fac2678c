package dev.pumasi.lab;

import dev.pumasi.lab.ServiceStory.Act;
import dev.pumasi.lab.ServiceStory.Order;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * {@code services}: three services that call each other (S29), and the same three with a queue between them (S30), under the same
 * failures, by {@code examples/services/run}. What is drawn is what each customer saw.
 *
 * <p>The example writes it down in a file when a way is over, so whoever stops the lab in the second way still has the first.
 */
final class ServicesScenario implements Scenario {

    private static final String CALLS = "calls";
    private static final String QUEUE = "queue";

    private static final List<String> KINDS =
            List.of("order accepted", "order refused", "the letter came, later than the answer");
    private static final int ACCEPTED = 0;
    private static final int REFUSED = 1;
    private static final int LETTER = 2;

    /** The ends of the upright axis: nobody is answered faster, and nobody waits longer for anything. */
    private static final double LEAST_MILLIS = 0.1;

    private static final double MOST_MILLIS = 100_000;

    private static final double MILLIS_PER_SECOND = 1e3;

    static final Quantity ACCEPTED_ORDERS = new Quantity("orders_accepted", "orders");
    static final Quantity REFUSED_ORDERS = new Quantity("orders_refused", "orders");
    static final Quantity P50 = new Quantity("answer_p50", "ms");
    static final Quantity SLOWEST = new Quantity("answer_slowest", "ms");
    static final Quantity LOST = new Quantity("accepted_and_never_a_letter", "orders");
    static final Quantity FOR_NOBODY = new Quantity("parcels_packed_for_refused_orders", "parcels");
    static final Quantity OWED = new Quantity("letters_owed_at_most", "letters");

    @Override
    public String name() {
        return "services";
    }

    @Override
    public String question() {
        return "What do customers see when one of three services fails?";
    }

    @Override
    public String explains() {
        return "A shop of three programs: orders takes an order, stock packs the parcel, mail writes the customer a letter. First they call each"
                + " other, and each waits for the next one's answer. Then orders only puts the order into a queue on the disk and answers; stock and"
                + " mail take from it when they can. Both times 40 customers come each second, while mail is killed, comes back, is slow (0.4 seconds a"
                + " letter) and is well again, and stock is killed and comes back. These are real processes, really killed.";
    }

    @Override
    public List<String> rows() {
        return List.of("S29", "S30");
    }

    @Override
    public void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException {
        Path folder = folder();
        Path json = folder.resolve("services.jsonl");
        try {
            tell(bench, folder, json);
        } finally {
            try {
                draw(findings, read(json));
            } finally {
                delete(folder, bench);
            }
        }
    }

    private static void tell(Bench bench, Path folder, Path json)
            throws LabException, StoppedException, InterruptedException {
        bench.tell("services: three of them, killed and slow, in two ways");
        Child example = bench.program(
                "examples/services/run",
                Path.of("examples", "services", "run"),
                "--phase",
                String.valueOf(bench.effort().act().toMillis() / MILLIS_PER_SECOND),
                "--folder",
                folder.resolve("town").toString(),
                "--json",
                json.toString());
        String[] way = {""};
        try {
            var line = bench.line(example, said -> {
                if (said.startsWith("First ") || said.startsWith("Now ")) {
                    way[0] = said.strip();
                } else if (said.matches("\\s*[0-9.]+ s  [a-z ]+") && !way[0].isEmpty()) {
                    bench.tell("services: %s %s", way[0], said.strip().replaceFirst("^[0-9.]+ s\\s+", ""));
                }
            });
            while (line.isPresent()) { // it writes its lines into the file; a later version may say some here
                line = bench.line(example);
            }
            if (!Files.exists(json) || read(json).size() < 2) {
                bench.goOnWithout(example.ended());
            }
        } finally {
            bench.end(example);
        }
    }

    // ------------------------------------------------------------------------------------------- what is drawn

    static void draw(Findings findings, Map<String, ServiceStory> stories) {
        stories.forEach((way, story) -> count(findings, way, story));
        ServiceStory calls = stories.get(CALLS);
        if (calls != null) {
            findings.plot(plot(
                    CALLS,
                    "They call each other: what each customer saw",
                    String.format(
                            Locale.ROOT,
                            "Each dot is a customer: to the right is when the order came, upwards is how long the customer waited. %d of %d were refused, though never more"
                                    + " than one of the three services was ill. The failure goes up the chain to the front; and a slow service makes everybody"
                                    + " wait until their patience of one second ends. %d parcels were packed for customers who were told that their order had"
                                    + " failed.",
                            calls.refused(),
                            calls.orders().size(),
                            calls.packedForNobody()),
                    calls));
        }
        ServiceStory queue = stories.get(QUEUE);
        if (queue != null) {
            findings.plot(plot(
                    QUEUE,
                    "They talk through a queue: what each customer saw",
                    String.format(
                            Locale.ROOT,
                            "The same customers and the same failures. %s, and the answer came as fast as ever; what had to wait were letters: up to %d at a time,"
                                    + " on the disk. A slope of triangles is such a heap of letters, which melts when whoever was ill is back. %s The price: the"
                                    + " answer says that the order was taken, not that it was carried out.",
                            queue.refused() == 0
                                    ? "Nobody was refused"
                                    : queue.refused() + " of " + queue.orders().size() + " were refused",
                            queue.owedAtMost(),
                            queue.lost() == 0 ? "In the end everybody had theirs." : queue.lost() + " never came."),
                    queue));
        }
        table(findings, stories);
    }

    private static void count(Findings findings, String way, ServiceStory story) {
        for (Act act : story.acts()) {
            String subject = way + ": " + act.name();
            List<Order> orders = story.in(act);
            long accepted = orders.stream().filter(Order::isAccepted).count();
            findings.add(ACCEPTED_ORDERS, subject, Double.NaN, accepted);
            findings.add(REFUSED_ORDERS, subject, Double.NaN, orders.size() - accepted);
            Spread waited = new Spread(orders.stream().map(Order::waitedMillis).toList());
            findings.add(P50, subject, Double.NaN, waited.median());
            findings.add(SLOWEST, subject, Double.NaN, waited.highest());
        }
        findings.add(LOST, way, Double.NaN, story.lost());
        findings.add(FOR_NOBODY, way, Double.NaN, story.packedForNobody());
        findings.add(OWED, way, Double.NaN, story.owedAtMost());
    }

    private static Plot.Dots plot(String name, String title, String says, ServiceStory story) {
        List<Plot.Dot> dots = new ArrayList<>();
        for (Order order : story.orders()) {
            double at = order.askedMillis() / MILLIS_PER_SECOND;
            String outcome = order.isAccepted() ? "accepted" : "refused: " + order.said();
            dots.add(new Plot.Dot(
                    at,
                    height(order.waitedMillis()),
                    order.isAccepted() ? ACCEPTED : REFUSED,
                    order.id() + " was " + outcome));
            double letter = story.letterMillis(order);
            if (letter > order.answeredMillis()) {
                dots.add(new Plot.Dot(
                        at,
                        height(letter - order.askedMillis()),
                        LETTER,
                        order.id() + ", a letter" + (order.isAccepted() ? "" : ", though the order was refused")));
            }
        }
        List<Plot.Period> periods = story.acts().stream()
                .map(act -> new Plot.Period(
                        act.fromMillis() / MILLIS_PER_SECOND, act.toMillis() / MILLIS_PER_SECOND, act.name()))
                .toList();
        return new Plot.Dots(name, title, says, "milliseconds waited", LEAST_MILLIS, MOST_MILLIS, KINDS, periods, dots);
    }

    private static double height(double millis) {
        return Math.clamp(millis, LEAST_MILLIS, MOST_MILLIS);
    }

    private static void table(Findings findings, Map<String, ServiceStory> stories) {
        List<String> head = new ArrayList<>(List.of("while"));
        stories.keySet()
                .forEach(way -> head.addAll(List.of(way + ": accepted", way + ": refused", way + ": slowest ms")));
        List<List<String>> rows = new ArrayList<>();
        for (Act act : stories.values().stream()
                .limit(1)
                .flatMap(story -> story.acts().stream())
                .toList()) {
            List<String> row = new ArrayList<>(List.of(act.name()));
            for (String way : stories.keySet()) {
                String subject = way + ": " + act.name();
                for (Quantity count : List.of(ACCEPTED_ORDERS, REFUSED_ORDERS)) {
                    row.add(String.format(
                            Locale.ROOT,
                            "%.0f",
                            findings.spread(count, subject, Double.NaN).median()));
                }
                row.add(PlotTable.shown(
                        findings.spread(SLOWEST, subject, Double.NaN).median()));
            }
            rows.add(row);
        }
        if (!rows.isEmpty()) {
            findings.table(head, rows);
        }
    }

    // ------------------------------------------------------------------------------------------- files

    private static Path folder() throws LabException {
        try {
            return Files.createTempDirectory("pumasi-lab-services");
        } catch (IOException refused) {
            throw new LabException("there is no place for the services' files: " + refused.getMessage(), refused);
        }
    }

    private static Map<String, ServiceStory> read(Path json) throws LabException {
        if (!Files.exists(json)) {
            return Map.of();
        }
        List<JsonLine> lines = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(json)) {
                lines.add(JsonLine.of(line));
            }
        } catch (IOException unreadable) {
            throw new LabException("what the services wrote cannot be read: " + unreadable.getMessage(), unreadable);
        }
        return ServiceStory.of(lines);
    }

    private static void delete(Path folder, Bench bench) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException stays) {
            bench.tell("services: some of their files stay in %s", folder);
        }
    }
}
