package dev.pumasi.cli;

import dev.pumasi.http.Endpoint;
import dev.pumasi.server.Application;
import dev.pumasi.server.SettingException;
import dev.pumasi.server.Settings;
import dev.pumasi.web.StaticFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code files}: the files of a folder, what {@code pumasi serve DIR} serves. */
public final class FilesApplication implements Application {

    static final String NAME = "files";
    static final String FOLDER = "folder";

    /** Called by those who look for applications. */
    public FilesApplication() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "the files of the folder that its setting folder names";
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
        return StaticFiles.builder(folder).build();
    }
}
