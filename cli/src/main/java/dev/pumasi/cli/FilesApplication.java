package dev.pumasi.cli;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.server.Application;
import dev.pumasi.server.SettingException;
import dev.pumasi.server.Settings;
import dev.pumasi.web.AccessLog;
import dev.pumasi.web.Cgi;
import dev.pumasi.web.StaticFiles;
import dev.pumasi.web.Uploads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code files}: the files of a folder, what {@code pumasi serve DIR} serves; and where its settings say so, scripts, uploads and an access
 * log, which SIGUSR1 opens anew.
 */
public final class FilesApplication implements Application {

    static final String NAME = "files";
    static final String FOLDER = "folder";

    private @Nullable AccessLog accessLog;
    private @Nullable SignalListener rotation;

    /** Called by those who look for applications. */
    public FilesApplication() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "the files of the folder that its setting folder names; cgi, uploads and access-log add what they say";
    }

    @Override
    public Endpoint open(Settings settings) throws IOException {
        Path folder = Path.of(settings.required(FOLDER, "which folder to serve"));
        if (!Files.isDirectory(folder)) {
            throw new SettingException(
                    Files.exists(folder)
                            ? folder + " is not a folder; name the folder it lies in."
                            : "there is no folder " + folder + "; create it, or name another.");
        }
        if (!Files.isReadable(folder)) {
            throw new SettingException(
                    "the folder " + folder + " may not be read by this user; change its mode or the user.");
        }
        Router.Builder routes = Router.builder();
        Optional<String> scripts = settings.text("cgi");
        if (scripts.isPresent()) {
            routes.any(
                    "/cgi-bin/*",
                    Cgi.builder(folder("cgi", scripts.get()))
                            .under("/cgi-bin")
                            .documentRoot(folder)
                            .build());
        }
        Optional<String> uploads = settings.text("uploads");
        if (uploads.isPresent()) {
            routes.any(
                    "/uploads/*",
                    Uploads.builder(folder("uploads", uploads.get()))
                            .under("/uploads")
                            .build());
        }
        StaticFiles files = StaticFiles.builder(folder).build();
        Optional<String> log = settings.text("access-log");
        if (scripts.isEmpty() && uploads.isEmpty() && log.isEmpty()) {
            return files;
        }
        Router router = routes.otherwise(files).build();
        if (log.isEmpty()) {
            return router;
        }
        AccessLog opened = AccessLog.builder(Path.of(log.get())).build();
        accessLog = opened;
        rotation = SignalListener.openOn(Runnable::run, UnixSignal.USR1, _ -> opened.reopen());
        return opened.around(router);
    }

    private static Path folder(String setting, String name) throws SettingException {
        Path folder = Path.of(name);
        if (!Files.isDirectory(folder)) {
            throw new SettingException("the setting " + setting + " names " + folder
                    + ", which is no folder; create it, or name another.");
        }
        return folder;
    }

    @Override
    public void close() {
        if (rotation != null) {
            rotation.close();
        }
        if (accessLog != null) {
            accessLog.close();
        }
    }
}
