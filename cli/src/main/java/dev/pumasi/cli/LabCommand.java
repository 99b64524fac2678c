package dev.pumasi.cli;

import dev.pumasi.lab.Effort;
import dev.pumasi.lab.Lab;
import dev.pumasi.lab.LabException;
import dev.pumasi.lab.LabPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pumasi lab}: measures what each way to do several things at once costs on this machine, and writes a report. */
@Command(
        name = "lab",
        description = {
            "Measure, on this machine, what each way to do several things at once costs,",
            "and write a report: a page with plots, and all figures as JSON and CSV."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footer = {
            "",
            "Ctrl-C ends it; what was measured until then is reported. The page needs no network and no server.",
            "docs/lab.md explains each plot."
        })
final class LabCommand implements Callable<Integer> {

    /** Where the launcher has found this checkout; it is the one who sets it. */
    private static final String HOME = "pumasi.home";

    private static final int BUDGET_SECONDS_MAX = 24 * 3600;
    private static final String FOLDER = "'pumasi-lab-'yyyy-MM-dd-HHmmss";

    static final class ScenarioNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Lab.names().iterator();
        }
    }

    @Option(
            names = "--only",
            paramLabel = "NAME",
            split = ",",
            completionCandidates = ScenarioNames.class,
            description = "Only these scenarios, with commas in between: ${COMPLETION-CANDIDATES}.")
    private List<String> only = List.of();

    @Option(names = "--quick", description = "Fewer and shorter rounds: only large differences are seen.")
    private boolean quick;

    @Option(
            names = "--trial",
            description = "One short round of everything, to see that it works here: its figures mean nothing.")
    private boolean trial;

    @Option(
            names = "--budget",
            paramLabel = "S",
            defaultValue = "290",
            description = "After so many seconds it ends, and reports what there is (default: ${DEFAULT-VALUE}).")
    private int budgetSeconds;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FOLDER",
            description = "Where the report goes: a folder that is not there yet (default: pumasi-lab- and the time).")
    private @Nullable Path folder;

    @Option(
            names = "--app",
            paramLabel = "NAME",
            description = "In the scenario models: your application or handler, as in 'pumasi serve --app'.")
    private @Nullable String application;

    @Option(
            names = "--class-path",
            paramLabel = "P",
            description = "Jars and folders with its classes, separated by colons.")
    private @Nullable String classPath;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting of the application; may be given several times.")
    private Map<String, String> settings = Map.of();

    @Option(
            names = "--path",
            paramLabel = "/PATH",
            defaultValue = "/",
            description = "What it is asked for (default: ${DEFAULT-VALUE}).")
    private String path = "";

    @Option(names = "--open", description = "Open the page in a browser at the end (xdg-open).")
    private boolean open;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    LabCommand() {}

    @Override
    public Integer call() throws CannotRun, InterruptedException {
        LabPlan plan = plan();
        var err = spec.commandLine().getErr();
        var out = spec.commandLine().getOut();
        Lab lab = new Lab(plan, line -> {
            err.println(line);
            err.flush();
        });
        String shown;
        try (StopSignals signals = StopSignals.take()) {
            Thread.ofPlatform().name("pumasi-lab-stop").daemon().start(() -> stopWhenAsked(signals, lab));
            shown = lab.run();
        } catch (LabException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
        Path page = plan.folder().resolve(Lab.PAGE);
        out.print(shown);
        out.printf(
                "%nThe report is %s (%s and %s beside it).%n",
                page.toAbsolutePath().normalize().toUri(), "figures.json", "figures.csv");
        out.flush();
        if (open) {
            openInBrowser(page);
        }
        return 0;
    }

    private LabPlan plan() throws CannotRun {
        String home = System.getProperty(HOME);
        if (home == null) {
            throw new CannotRun(
                    "the lab runs the command and the examples of a checkout; start it there, as ./pumasi lab.");
        }
        for (String name : only) {
            if (!Lab.names().contains(name)) {
                throw wrong("there is no scenario '" + name + "'; choose among " + String.join(", ", Lab.names()));
            }
        }
        if (budgetSeconds < 1 || budgetSeconds > BUDGET_SECONDS_MAX) {
            throw wrong("--budget is " + budgetSeconds + " s, and must be from 1 to " + BUDGET_SECONDS_MAX);
        }
        if (quick && trial) {
            throw wrong("--quick and --trial are two of them; one is enough");
        }
        if (!path.startsWith("/")) {
            throw wrong("--path '" + path + "' does not begin with /");
        }
        if (application == null && (classPath != null || !settings.isEmpty() || !path.equals("/"))) {
            throw wrong("--class-path, --set and --path belong to an application; name it with --app");
        }
        Path place = folder != null ? folder : Path.of(LocalDateTime.now().format(DateTimeFormatter.ofPattern(FOLDER)));
        if (Files.exists(place)) {
            throw new CannotRun(
                    place + " exists already, and reports are never overwritten; name another folder with --out.");
        }
        return new LabPlan(
                Path.of(home),
                only,
                trial ? Effort.trial() : quick ? Effort.quick() : Effort.usual(),
                Duration.ofSeconds(budgetSeconds),
                application(),
                path,
                place);
    }

    /** As {@code pumasi serve} is told. */
    private List<String> application() {
        List<String> words = new ArrayList<>();
        if (application != null) {
            words.addAll(List.of("--app", application));
        }
        if (classPath != null) {
            words.addAll(List.of("--class-path", classPath));
        }
        words.addAll(settings.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(setting -> "--set=" + setting.getKey() + "=" + setting.getValue())
                .collect(Collectors.toList()));
        return words;
    }

    private static void stopWhenAsked(StopSignals signals, Lab lab) {
        try {
            signals.await();
            lab.stop();
        } catch (InterruptedException over) {
            // nobody interrupts it; a daemon that waits for ever ends with the process
        }
    }

    private void openInBrowser(Path page) {
        try {
            new ProcessBuilder("xdg-open", page.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException none) {
            spec.commandLine().getErr().println("pumasi lab: there is no xdg-open here; open the page yourself.");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
