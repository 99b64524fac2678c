package dev.pumasi.cli;

import dev.pumasi.web.Site;
import dev.pumasi.web.conf.Problem;
import dev.pumasi.web.conf.Problems;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pumasi check}: what is wrong with a configuration file, and what was likely meant. */
@Command(
        name = "check",
        description = {
            "Read a configuration file in nginx's manner, and all that it includes, and say what is wrong with it:",
            "each mistake with its file, line and column, the line itself, and what was likely meant."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {"", "The exit status is 0 if it can be served, and 1 if not. docs/site-conf.md lists the directives."
        })
final class CheckCommand implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", description = "The configuration file.")
    private Path file = Path.of("");

    @Option(
            names = "--dump",
            description = "Print what has been understood: servers, locations, and what answers there.")
    private boolean dump;

    @Option(
            names = {"-q", "--quiet"},
            description = "Tell mistakes only, and not what has no effect.")
    private boolean quiet;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs a command
    private CommandSpec spec;

    CheckCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Problems problems = new Problems();
        Optional<Site> site = Site.open(file, System.getenv(), problems);
        int notes = 0;
        for (Problem problem : problems.all()) {
            notes += problem.isError() ? 0 : 1;
            if (problem.isError() || !quiet) {
                err.println(problems.shown(problem));
            }
        }
        if (problems.errors() > Problems.ERRORS_MAX) {
            err.println("and " + (problems.errors() - Problems.ERRORS_MAX) + " more mistakes");
        }
        err.flush();
        if (site.isEmpty()) {
            err.println(file + ": " + counted(problems.errors(), "mistake") + "; it cannot be served");
            err.flush();
            return Pumasi.EXIT_CANNOT_RUN;
        }
        try (Site open = site.get()) {
            if (dump) {
                out.print(open.dump());
            }
            out.println(file + ": good" + (notes == 0 ? "" : ", with " + counted(notes, "note")) + "; it listens on "
                    + String.join(", ", open.places()));
            out.flush();
        }
        return 0;
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
