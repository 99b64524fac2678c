package dev.pumasi.runtime.driver;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to start, and how.
 *
 * @param command the program, and its arguments; a name without a slash is looked for on this process's own path
 * @param environment each {@code NAME=value}; nothing else is handed down
 * @param folder the working folder; null for this process's own
 * @param streams where standard input, output and error lead
 * @param passed sockets that it gets besides
 * @param group whom it belongs with
 * @param limits what it is limited in; both the soft and the hard limit
 */
public record Launch(
        List<String> command,
        List<String> environment,
        @Nullable Path folder,
        List<Redirect> streams,
        List<Passed> passed,
        ProcessGroup group,
        Map<ResourceLimit, Long> limits) {

    /** Standard input, output, error; a child's other descriptors begin here. */
    public static final int STREAMS = 3;

    /** The highest descriptor that a child can be given. */
    public static final int DESCRIPTOR_MAX = 255;

    /**
     * A socket for the child.
     *
     * @param handle the driver's handle of it, which stays open
     * @param descriptor the number under which the child finds it, from 3 to {@link #DESCRIPTOR_MAX}, or 0
     */
    public record Passed(int handle, int descriptor) {}

    public Launch {
        command = List.copyOf(command);
        environment = List.copyOf(environment);
        streams = List.copyOf(streams);
        passed = List.copyOf(passed);
        limits = Map.copyOf(limits);
    }

    /** The same, with these sockets for the child. */
    public Launch passing(List<Passed> sockets) {
        return new Launch(command, environment, folder, streams, sockets, group, limits);
    }

    /** What is wrong with the working folder, before anything is started in it; 0 if nothing seems to be. */
    int folderError() {
        return folder == null || Files.isDirectory(folder) ? 0 : Files.exists(folder) ? -Errno.ENOTDIR : -Errno.ENOENT;
    }
}
