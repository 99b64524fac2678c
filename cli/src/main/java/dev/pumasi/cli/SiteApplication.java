package dev.pumasi.cli;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.server.Application;
import dev.pumasi.server.SettingException;
import dev.pumasi.server.Settings;
import dev.pumasi.web.Site;
import dev.pumasi.web.conf.ConfException;
import java.net.SocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** {@code site}: what a configuration file describes; what {@code pumasi serve FILE} serves in each of its processes. */
public final class SiteApplication implements Application {

    static final String NAME = "site";
    static final String FILE = "file";

    private @Nullable Site site;
    private @Nullable SignalListener logs;

    /** Called by those who look for applications. */
    public SiteApplication() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "the site that the configuration file of its setting file describes";
    }

    @Override
    public Endpoint open(Settings settings) {
        Path file = Path.of(settings.required(FILE, "which configuration file to serve"));
        try {
            Site opened = Site.open(file, System.getenv());
            site = opened;
            logs = SiteRun.reopening(opened::reopenLogs).orElse(null);
            return opened.endpoint();
        } catch (ConfException broken) {
            throw new SettingException(file + " cannot be used:\n" + broken.getMessage(), broken);
        }
    }

    @Override
    public HttpLimits limits(HttpLimits given) {
        Site opened = site;
        if (opened == null) {
            return given;
        }
        SocketAddress first = opened.addresses().getFirst();
        return opened.limits(first, given);
    }

    @Override
    public void close() {
        SignalListener listening = logs;
        if (listening != null) {
            listening.close();
        }
        Site opened = site;
        if (opened != null) {
            opened.close();
        }
    }
}
