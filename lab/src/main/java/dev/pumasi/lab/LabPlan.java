package dev.pumasi.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What a lab is to do.
 *
 * @param home the checkout: its {@code pumasi} and {@code examples/run} are what is run
 * @param only names of scenarios, in any order; empty for all of them ({@link Lab#names})
 * @param effort how much is measured
 * @param budget when this much time has gone, what is there is reported
 * @param application what {@code pumasi serve} needs to be told to serve the user's own application ({@code --app} and what goes with
 *     it); empty for the built-in ones
 * @param path what is asked of that application
 * @param folder where the report goes; it must not exist
 */
public record LabPlan(
        Path home,
        List<String> only,
        Effort effort,
        Duration budget,
        List<String> application,
        String path,
        Path folder) {

    public LabPlan {
        only = List.copyOf(only);
        application = List.copyOf(application);
    }
}
