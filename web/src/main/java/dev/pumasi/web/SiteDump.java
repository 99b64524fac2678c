package dev.pumasi.web;

import java.net.SocketAddress;
import java.util.List;
import java.util.TreeMap;

/** Writes down what has been understood of a configuration. */
final class SiteDump {

    private final StringBuilder text = new StringBuilder();

    private SiteDump() {}

    static String of(SitePlan plan) {
        SiteDump dump = new SiteDump();
        for (SocketAddress address : plan.addresses().toListenOn()) {
            dump.line(0, "listens on " + ListenReader.text(address));
        }
        for (VirtualServer server : plan.servers()) {
            dump.line(0, "server " + (server.name().isEmpty() ? "without a name" : server.name()));
            dump.rules(1, server.rules());
            dump.locations(1, server.locations());
            dump.location(1, "elsewhere", server.outside());
        }
        return dump.text.toString();
    }

    private void locations(int depth, Locations locations) {
        for (Location each : locations.all()) {
            location(depth, "location " + each.label(), each);
            locations(depth + 1, each.inner());
        }
    }

    private void location(int depth, String label, Location location) {
        line(depth, label + (location.internal() ? " (internal)" : ""));
        rules(depth + 1, location.rules());
        Holds holds = location.holds();
        if (!location.tries().isEmpty()) {
            line(depth + 1, "tries " + location.tries().size() + " paths first");
        }
        String place = location.content() instanceof FilesContent
                        || location.content() instanceof ScriptContent
                        || location.content() instanceof UploadContent
                ? " from " + location.root()
                : "";
        line(depth + 1, location.content().words() + place);
        line(depth + 1, "bodies up to " + (holds.bodyBytesMax() == 0 ? "any size" : holds.bodyBytesMax() + " bytes"));
        if (!holds.access().isFree()) {
            line(
                    depth + 1,
                    holds.access().rules().size() + " rules of access"
                            + holds.access().auth().map(auth -> ", " + auth).orElse(""));
        }
        if (holds.compression().on()) {
            line(
                    depth + 1,
                    "gzip for "
                            + String.join(
                                    " ",
                                    holds.compression().types().stream()
                                            .sorted()
                                            .toList()));
        }
        for (Holds.Added added : holds.headers()) {
            line(depth + 1, "adds " + added.name() + ": " + added.value() + (added.always() ? " always" : ""));
        }
        for (Logging log : holds.logs()) {
            line(depth + 1, "logs to " + log.file().path());
        }
        new TreeMap<>(holds.errorPages())
                .forEach((status, page) -> line(depth + 1, "page for " + status + ": " + page.target()));
    }

    private void rules(int depth, List<Rewrite> rules) {
        for (Rewrite rule : rules) {
            line(
                    depth,
                    switch (rule) {
                        case Rewrite.Assign assign -> "sets a variable to " + assign.value();
                        case Rewrite.Change change -> "rewrites " + change.expression() + " to " + change.replacement();
                        case Rewrite.Answer answer ->
                            "answers " + answer.status()
                                    + answer.text().map(said -> " " + said).orElse("");
                        case Rewrite.Break _ -> "ends the rules";
                        case Rewrite.When when ->
                            "on a condition: " + when.rules().size() + " rules";
                    });
        }
    }

    private void line(int depth, String line) {
        text.append("  ".repeat(depth)).append(line.replace("\n", "\\n")).append('\n');
    }
}
