package dev.pumasi.cli;

import dev.pumasi.http.Endpoint;
import dev.pumasi.server.Application;
import dev.pumasi.server.Settings;

/** {@code welcome}: the page that {@code pumasi serve} shows when it is told nothing else. */
public final class WelcomeApplication implements Application {

    static final String NAME = "welcome";

    /** Called by those who look for applications. */
    public WelcomeApplication() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "a welcome page";
    }

    @Override
    public Endpoint open(Settings settings) {
        return Welcome.page();
    }
}
