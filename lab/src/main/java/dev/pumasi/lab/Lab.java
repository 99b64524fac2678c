package dev.pumasi.lab;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The lab: it runs scenarios on this machine, measures them, and writes a report that somebody understands who has never heard of any of it.
 *
 * <p><b>What is measured is real.</b> Servers are {@code pumasi serve} as users start it, programs are the checkout's own examples, and each is
 * a process of its own, so that its processor time and memory are its own. The load generator is this process. Where the machine has two
 * processors or more, servers have one and the generator another.
 *
 * <p><b>How it stays honest.</b> Who is compared takes turns, round by round, so that what else the machine does meets all alike. A figure is
 * the median of its rounds, with the lowest and the highest beside it; whether two differ is left to a test ({@link Comparison}) that may say
 * that they do not. Warming up does not count. Where the generator was the limit, the point says so.
 *
 * <p><b>It ends with a report, whatever happens.</b> What cannot be run here is told and left out; one model that cannot serve a handler leaves
 * the others alone. When somebody stops it, or the time is up, the round that was under way is thrown away and the rest is reported.
 *
 * <p><b>What it will not do.</b> It does not load other machines, raise limits, or open a browser by itself.
 *
 * <p>Once: {@link #run} on one thread; {@link #stop} from any.
 */
public final class Lab {

    public static final String PAGE = "index.html";

    private static final List<Supplier<Scenario>> SCENARIOS = List.of(
            KitchenScenario::new,
            IoMatrixScenario::new,
            ModelsScenario::new,
            MultiplexersScenario::new,
            BlockingScenario::new,
            DatabaseScenario::new,
            SwitchingScenario::new,
            ServicesScenario::new);

    private final Bench bench;
    private final LabPlan plan;

    /**
     * @param progress is told in a line how far it is, on the thread that runs it
     */
    public Lab(LabPlan plan, Consumer<String> progress) {
        this.plan = plan;
        bench = new Bench(plan, progress);
    }

    /** The scenarios' names, in the order in which they are run. */
    public static List<String> names() {
        return all().stream().map(Scenario::name).toList();
    }

    /** What each of them asks, by name. */
    public static Map<String, String> questions() {
        Map<String, String> questions = new LinkedHashMap<>();
        all().forEach(scenario -> questions.put(scenario.name(), scenario.question()));
        return questions;
    }

    private static List<Scenario> all() {
        return SCENARIOS.stream().map(Supplier::get).toList();
    }

    /** Ends it soon; {@link #run} then reports what there is. */
    public void stop() {
        bench.stop();
    }

    /**
     * Runs it all and writes the report. Blocks.
     *
     * @return what is to be shown on the terminal
     * @throws LabException if the report has no place, or not one scenario found anything
     */
    public String run() throws LabException, InterruptedException {
        prepareFolder();
        String begun = ZonedDateTime.now()
                .format(DateTimeFormatter.ofLocalizedDateTime(FormatStyle.LONG, FormatStyle.SHORT)
                        .withLocale(Locale.UK));
        List<Findings> found = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        List<String> left = new ArrayList<>();
        for (Scenario scenario : all()) {
            if (!plan.only().isEmpty() && !plan.only().contains(scenario.name())) {
                continue;
            }
            if (!left.isEmpty()) {
                left.add(scenario.name());
                continue;
            }
            Findings findings = new Findings(scenario);
            double fromSeconds = bench.seconds();
            try {
                bench.goOn();
                bench.tell("%s: %s", scenario.name(), scenario.question());
                scenario.run(bench, findings);
            } catch (StoppedException stopped) {
                findings.remark(
                        "This is not complete: %s. Figures are of the rounds until then.",
                        String.valueOf(stopped.getMessage()));
                left.add(scenario.name());
            } catch (LabException cannot) {
                findings.remark("It could not be run to its end: %s", String.valueOf(cannot.getMessage()));
                bench.tell("%s: could not be run to its end: %s", scenario.name(), String.valueOf(cannot.getMessage()));
            }
            findings.took(bench.seconds() - fromSeconds);
            if (!findings.figures().isEmpty() || !findings.plots().isEmpty() || left.isEmpty()) {
                found.add(findings);
                left.replaceAll(name -> name.equals(scenario.name()) ? name + " (in part)" : name);
            }
        }
        if (!plan.effort().canCompare()) {
            remarks.add(
                    "This was a trial, with a single short round of everything: it shows that all of it works here, and its figures mean"
                            + " nothing.");
        }
        if (!left.isEmpty()) {
            remarks.add((bench.isStopped() ? "It was stopped" : "Its time was up")
                    + " before all was measured; not there: " + String.join(", ", left) + ".");
        }
        if (found.stream().allMatch(findings -> findings.plots().isEmpty())) {
            String why = found.stream()
                    .flatMap(findings -> findings.remarks().stream())
                    .reduce("", (one, other) -> one + " " + other);
            removeFolder();
            throw new LabException("nothing was measured, so there is no report." + why);
        }
        LabReport report = new LabReport(environment(), begun, bench.seconds(), found, remarks);
        write(report);
        return LabFiles.text(report);
    }

    private void prepareFolder() throws LabException {
        Path folder = plan.folder();
        try {
            Path parent = folder.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectory(folder);
        } catch (FileAlreadyExistsException exists) {
            throw new LabException(
                    folder + " exists already, and reports are never overwritten; name another folder with --out.",
                    exists);
        } catch (IOException refused) {
            throw new LabException(
                    "the folder " + folder + " cannot be made (" + refused.getMessage() + "); name another with --out.",
                    refused);
        }
    }

    /** It is empty. */
    private void removeFolder() {
        try {
            Files.delete(plan.folder());
        } catch (IOException stays) {
            bench.tell("the folder %s stays, and is empty", plan.folder());
        }
    }

    private void write(LabReport report) throws LabException {
        try {
            Files.writeString(plan.folder().resolve("figures.json"), LabFiles.json(report) + "\n");
            Files.writeString(plan.folder().resolve("figures.csv"), LabFiles.csv(report));
            Files.writeString(plan.folder().resolve(PAGE), LabPage.html(report));
        } catch (IOException refused) {
            throw new LabException(
                    "the report could not be written to " + plan.folder() + ": " + refused.getMessage(), refused);
        }
    }

    private Map<String, String> environment() {
        Environment here = Environment.here();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "Processor", here.processor() + ", " + bench.processors().all().size() + " for this process");
        facts.put(
                "Servers and load generator",
                bench.processors().areApart()
                        ? "each on a processor of its own ("
                                + bench.processors().server() + " and "
                                + bench.processors().generator() + ")"
                        : "share the same processors");
        facts.put("System", here.system());
        facts.put("Java", here.jdk());
        facts.put("Flags of this process", String.join(" ", here.flags()));
        facts.put(
                "Driver",
                dev.pumasi.runtime.driver.Drivers.choose(dev.pumasi.runtime.driver.Drivers.AUTO)
                        .reason());
        OptionalLong descriptors = Descriptors.left();
        facts.put(
                "File descriptors",
                descriptors.isPresent() ? descriptors.getAsLong() + " more could be opened" : "no limit known");
        facts.put(
                "Rounds",
                plan.effort().rounds() + " of " + plan.effort().round().toMillis() + " ms; warm-up "
                        + plan.effort().warmup().toMillis() + " ms for each server");
        if (!plan.application().isEmpty()) {
            facts.put("Application", String.join(" ", plan.application()));
        }
        return facts;
    }
}
