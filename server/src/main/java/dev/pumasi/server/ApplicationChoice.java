package dev.pumasi.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Which application, from where, with which settings: all that a process must know to serve it, and nothing that could not be
 * written on a command line. It can be opened any number of times; each time the files are looked at anew, so that a jar
 * that was exchanged is the one that counts.
 *
 * @param name an application's {@link Application#name}, or the full name of a class: a public one with a public constructor
 *     without parameters that is an {@link Application}, a {@link dev.pumasi.http.Handler} or an {@link
 *     dev.pumasi.http.AsyncHandler}
 * @param classPath jars and folders with classes, to be looked at after those of this program; may be empty
 * @param settings for the application
 */
public record ApplicationChoice(String name, List<Path> classPath, Map<String, String> settings) {

    public ApplicationChoice {
        Objects.requireNonNull(name, "name");
        classPath = List.copyOf(classPath);
        settings = Map.copyOf(settings);
    }

    /** An application of this program, with no settings. */
    public static ApplicationChoice of(String name) {
        return new ApplicationChoice(name, List.of(), Map.of());
    }

    /** The names of the applications that this program has, in alphabetical order. */
    public static List<String> names() {
        try (ApplicationLoader own = ApplicationLoader.open(List.of())) {
            return own.names();
        } catch (ApplicationException | IOException impossible) {
            throw new IllegalStateException("with no class path there is nothing to refuse", impossible);
        }
    }

    /**
     * Finds it, and says what it is in a line and what can be set for it. It is not opened.
     *
     * @throws ApplicationException as {@link #open}
     */
    public Known look() throws ApplicationException {
        try (ApplicationLoader loader = ApplicationLoader.open(classPath)) {
            Application found = loader.find(name);
            return new Known(found.description(), found.settings());
        } catch (IOException broken) {
            throw new ApplicationException("the class path cannot be closed: " + broken.getMessage(), broken);
        }
    }

    /**
     * What an application says of itself.
     *
     * @param description in a line; may be empty
     * @param settings what can be set; empty if it tells of none
     */
    public record Known(String description, List<Setting> settings) {

        public Known {
            settings = List.copyOf(settings);
        }
    }

    /**
     * Finds it, makes an instance and opens that. May block; not to be called on a loop.
     *
     * @throws ApplicationException if there is none of that name (the message lists those there are), a file is missing or
     *     broken, the class cannot be loaded or made, or the application refuses; nothing is left open
     */
    public OpenApplication open() throws ApplicationException {
        return OpenApplication.open(this);
    }
}
