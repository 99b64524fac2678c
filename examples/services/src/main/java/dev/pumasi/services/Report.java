package dev.pumasi.services;

import dev.pumasi.services.Services.Act;
import dev.pumasi.services.Services.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Tells what came of it: timelines, what customers saw, how far each failure spread, what was lost; and the same in lines of JSON. */
final class Report {

    private static final int BUCKETS_EACH_ACT = 4;

    private Report() {}

    static void print(PrintStream out, Map<Way, Outcome> outcomes) {
        outcomes.values().forEach(outcome -> timeline(out, outcome));
        customers(out, outcomes);
        spread(out, outcomes);
        losses(out, outcomes);
    }

    private static Outcome of(Map<Way, Outcome> outcomes, Way way) {
        Outcome outcome = outcomes.get(way);
        if (outcome == null) {
            throw new IllegalArgumentException("there is no run in which " + way.words);
        }
        return outcome;
    }

    // ------------------------------------------------------------------------------------------- timeline

    private static void timeline(PrintStream out, Outcome outcome) {
        out.println();
        out.println("When " + outcome.way().words
                + ": orders answered well (#) and not (x), letters (+), one for each five");
        long began = outcome.begins().getFirst();
        for (Act act : Act.values()) {
            long from = outcome.begins().get(act.ordinal());
            long to = outcome.begins().get(act.ordinal() + 1);
            for (int i = 0; i < BUCKETS_EACH_ACT; i++) {
                long first = from + (to - from) * i / BUCKETS_EACH_ACT;
                long last = from + (to - from) * (i + 1) / BUCKETS_EACH_ACT;
                List<Customers.Seen> here = outcome.seen().stream()
                        .filter(one -> one.askedMillis() >= first && one.askedMillis() < last)
                        .toList();
                long well = here.stream().filter(Customers.Seen::isAccepted).count();
                long letters = outcome.letters().stream()
                        .filter(one -> one.millis() >= first && one.millis() < last)
                        .count();
                out.printf(
                        Locale.ROOT,
                        "%6.1f s  %-18s  slowest %7.0f ms  %-24s  %s%n",
                        (first - began) / 1e3,
                        i == 0 ? act.words : "",
                        here.stream()
                                .mapToDouble(Customers.Seen::latencyMillis)
                                .max()
                                .orElse(0),
                        bar('#', well) + bar('x', here.size() - well),
                        bar('+', letters));
            }
        }
        out.printf(Locale.ROOT, "          the last letter came %.1f s after that%n", outcome.drainedMillis() / 1e3);
    }

    private static String bar(char sign, long count) {
        return String.valueOf(sign).repeat((int) ((count + 4) / 5));
    }

    // ------------------------------------------------------------------------------------------- customers

    private static void customers(PrintStream out, Map<Way, Outcome> outcomes) {
        out.println();
        out.println("What customers saw       called each other (S29)              through a queue (S30)");
        out.println("                         accepted refused  p50 ms  p99 ms     accepted refused  p50 ms  p99 ms");
        for (Act act : Act.values()) {
            out.printf(
                    "%-24s %s     %s%n",
                    act.words, cells(of(outcomes, Way.CALLS), act), cells(of(outcomes, Way.QUEUE), act));
        }
    }

    private static String cells(Outcome outcome, Act act) {
        List<Customers.Seen> seen = in(outcome, act);
        double[] latencies = seen.stream()
                .mapToDouble(Customers.Seen::latencyMillis)
                .sorted()
                .toArray();
        long accepted = seen.stream().filter(Customers.Seen::isAccepted).count();
        return String.format(
                Locale.ROOT,
                "%8d %7d %7.0f %7.0f",
                accepted,
                seen.size() - accepted,
                quantile(latencies, 0.5),
                quantile(latencies, 0.99));
    }

    private static List<Customers.Seen> in(Outcome outcome, Act act) {
        return outcome.seen().stream().filter(one -> one.act() == act.ordinal()).toList();
    }

    /** Of sorted values, the smallest that so large a part is not above. */
    private static double quantile(double[] sorted, double part) {
        return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
    }

    // ------------------------------------------------------------------------------------------- spread

    private static void spread(PrintStream out, Map<Way, Outcome> outcomes) {
        out.println();
        out.println("How far it spread");
        for (Act act : List.of(Act.MAIL_KILLED, Act.MAIL_SLOW, Act.STOCK_KILLED)) {
            out.println(act.words + ":");
            for (Way way : Way.values()) {
                Outcome outcome = of(outcomes, way);
                List<Customers.Seen> seen = in(outcome, act);
                long refused = seen.stream().filter(one -> !one.isAccepted()).count();
                out.println("  " + (way == Way.CALLS ? "called each other: " : "through a queue:   ")
                        + String.join(", ", reached(outcome, act))
                        + (refused == 0
                                ? "; no customer was refused"
                                : "; " + refused + " of " + seen.size() + " customers were refused")
                        + (way == Way.QUEUE ? "; up to " + waiting(outcome, act) + " letters waited" : ""));
            }
        }
    }

    /** Who did not do what it was asked: the one that failed, and each that says so of another one. */
    static Set<String> reached(Outcome outcome, Act act) {
        Set<String> reached = new TreeSet<>();
        reached.add(act == Act.STOCK_KILLED ? "stock" : "mail");
        for (Customers.Seen one : in(outcome, act)) {
            if (!one.isAccepted()) {
                reached.add("orders");
                if (one.said().contains("stock failed") || one.said().contains("stock did not answer")) {
                    reached.add("stock");
                }
            }
        }
        return reached;
    }

    /** How many letters were owed at most, from the beginning of the act to the end of the next one. */
    private static long waiting(Outcome outcome, Act act) {
        long most = 0;
        long from = outcome.begins().get(act.ordinal());
        long to = outcome.begins().get(act.ordinal() + 2);
        for (long at = from; at <= to; at += 50) {
            long when = at;
            long owed = outcome.seen().stream()
                            .filter(one -> one.isAccepted() && one.askedMillis() + one.latencyMillis() <= when)
                            .count()
                    - outcome.letters().stream()
                            .filter(one -> one.millis() <= when)
                            .count();
            most = Math.max(most, owed);
        }
        return most;
    }

    // ------------------------------------------------------------------------------------------- losses

    private static void losses(PrintStream out, Map<Way, Outcome> outcomes) {
        Outcome calls = of(outcomes, Way.CALLS);
        Outcome queue = of(outcomes, Way.QUEUE);
        out.println();
        out.println("What was lost, by the notebooks of stock and mail   called each other   through a queue");
        loss(out, "orders", calls.seen().size(), queue.seen().size());
        loss(out, "orders refused", calls.ids(false).size(), queue.ids(false).size());
        loss(
                out,
                "accepted, and never a letter",
                calls.lost().size(),
                queue.lost().size());
        loss(
                out,
                "parcels packed for orders that were refused",
                calls.packedForNobody().size(),
                queue.packedForNobody().size());
        loss(
                out,
                "letters for orders that were refused",
                calls.toldBoth().size(),
                queue.toldBoth().size());
        loss(out, "letters sent twice", calls.twice(), queue.twice());
        out.println();
    }

    private static void loss(PrintStream out, String what, long calls, long queue) {
        out.printf("%-50s %18d %17d%n", what, calls, queue);
    }

    // ------------------------------------------------------------------------------------------- JSON

    /**
     * One way's lines, behind what stands in the file: {@code kind} is act, order, parcel, letter or end; {@code millis} counts from the
     * beginning of that way.
     */
    static void appendJson(Path file, Outcome outcome) throws IOException {
        List<String> lines = new ArrayList<>();
        long began = outcome.begins().getFirst();
        String way = "\"way\":\"" + outcome.way().name().toLowerCase(Locale.ROOT) + "\"";
        for (Act act : Act.values()) {
            lines.add("{\"kind\":\"act\"," + way + ",\"millis\":"
                    + (outcome.begins().get(act.ordinal()) - began) + ",\"act\":\"" + act.words + "\"}");
        }
        for (Customers.Seen one : outcome.seen()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "{\"kind\":\"order\",%s,\"millis\":%d,\"id\":\"%s\",\"act\":\"%s\",\"status\":%d,\"latencyMillis\":%.3f,\"said\":\"%s\"}",
                    way,
                    one.askedMillis() - began,
                    one.id(),
                    Act.values()[one.act()].words,
                    one.status(),
                    one.latencyMillis(),
                    plain(one.said())));
        }
        add(lines, "parcel", way, began, outcome.parcels());
        add(lines, "letter", way, began, outcome.letters());
        lines.add("{\"kind\":\"end\"," + way + ",\"millis\":"
                + (outcome.begins().getLast() - began) + ",\"drainedMillis\":" + outcome.drainedMillis() + "}");
        Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** What services say is plain words; whatever else should stand in it would break the line. */
    private static String plain(String said) {
        return said.replaceAll("[\\p{Cntrl}\"\\\\]+", " ").strip();
    }

    private static void add(List<String> lines, String kind, String way, long began, List<Notebook.Entry> entries) {
        for (Notebook.Entry entry : entries) {
            lines.add("{\"kind\":\"" + kind + "\"," + way + ",\"millis\":" + (entry.millis() - began) + ",\"id\":\""
                    + entry.id() + "\"}");
        }
    }
}
