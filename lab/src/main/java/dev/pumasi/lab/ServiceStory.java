package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What {@code examples/services} says of one way, in lines of JSON: its acts, every order, every parcel, every letter. Times are milliseconds. */
final class ServiceStory {

    /** An act, from its beginning to that of the next one. */
    record Act(String name, double fromMillis, double toMillis) {}

    /** What one customer saw. */
    record Order(String id, String act, double askedMillis, double waitedMillis, int status, String said) {

        boolean isAccepted() {
            return status / 100 == 2;
        }

        double answeredMillis() {
            return askedMillis + waitedMillis;
        }
    }

    private final List<Act> acts;
    private final List<Order> orders;
    private final Map<String, Double> letters;
    private final Set<String> parcels;
    private final double drainedMillis;

    private ServiceStory(
            List<Act> acts,
            List<Order> orders,
            Map<String, Double> letters,
            Set<String> parcels,
            double drainedMillis) {
        this.acts = acts;
        this.orders = orders;
        this.letters = letters;
        this.parcels = parcels;
        this.drainedMillis = drainedMillis;
    }

    /** Each way's story, in the order in which they were told; a way whose end is missing was cut off, and is left out. */
    static Map<String, ServiceStory> of(List<JsonLine> lines) throws LabException {
        Map<String, List<JsonLine>> byWay = new LinkedHashMap<>();
        for (JsonLine line : lines) {
            byWay.computeIfAbsent(line.text("way"), _ -> new ArrayList<>()).add(line);
        }
        Map<String, ServiceStory> stories = new LinkedHashMap<>();
        for (var way : byWay.entrySet()) {
            if (way.getValue().getLast().text("kind").equals("end")) {
                stories.put(way.getKey(), ofWay(way.getValue()));
            }
        }
        return stories;
    }

    private static ServiceStory ofWay(List<JsonLine> lines) throws LabException {
        List<String> names = new ArrayList<>();
        List<Double> begins = new ArrayList<>();
        List<Order> orders = new ArrayList<>();
        Map<String, Double> letters = new HashMap<>();
        Set<String> parcels = new HashSet<>();
        double drainedMillis = 0;
        for (JsonLine line : lines) {
            double millis = line.number("millis");
            switch (line.text("kind")) {
                case "act" -> {
                    names.add(line.text("act"));
                    begins.add(millis);
                }
                case "order" ->
                    orders.add(new Order(
                            line.text("id"),
                            line.text("act"),
                            millis,
                            line.number("latencyMillis"),
                            (int) line.number("status"),
                            line.text("said")));
                case "letter" -> letters.merge(line.text("id"), millis, Math::min);
                case "parcel" -> parcels.add(line.text("id"));
                case "end" -> {
                    begins.add(millis);
                    drainedMillis = line.number("drainedMillis");
                }
                default -> {} // a later version of the example may say more
            }
        }
        List<Act> acts = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            acts.add(new Act(names.get(i), begins.get(i), begins.get(i + 1)));
        }
        return new ServiceStory(acts, orders, letters, parcels, drainedMillis);
    }

    List<Act> acts() {
        return acts;
    }

    List<Order> orders() {
        return orders;
    }

    List<Order> in(Act act) {
        return orders.stream().filter(order -> order.act.equals(act.name)).toList();
    }

    /** When his letter came; NaN if none did. */
    double letterMillis(Order order) {
        return letters.getOrDefault(order.id, Double.NaN);
    }

    long refused() {
        return orders.stream().filter(order -> !order.isAccepted()).count();
    }

    /** Customers whose order was accepted, and who never heard again. */
    long lost() {
        return orders.stream()
                .filter(order -> order.isAccepted() && !letters.containsKey(order.id))
                .count();
    }

    /** Parcels that were packed for customers who were told that their order had failed. */
    long packedForNobody() {
        return orders.stream()
                .filter(order -> !order.isAccepted() && parcels.contains(order.id))
                .count();
    }

    /** How many letters were owed at most at the same time. */
    long owedAtMost() {
        List<Double> moments = new ArrayList<>();
        orders.stream().filter(Order::isAccepted).forEach(order -> moments.add(order.answeredMillis()));
        return moments.stream().mapToLong(this::owedAt).max().orElse(0);
    }

    private long owedAt(double millis) {
        return orders.stream()
                .filter(Order::isAccepted)
                .filter(order -> order.answeredMillis() <= millis
                        && letters.getOrDefault(order.id, Double.POSITIVE_INFINITY) > millis)
                .count();
    }

    /** How long after the last act the last letter came. */
    double drainedMillis() {
        return drainedMillis;
    }
}
