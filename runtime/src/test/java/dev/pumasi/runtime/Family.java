package dev.pumasi.runtime;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The processes of this machine, as {@code /proc} tells of them. */
final class Family {

    private static final String SELF = Long.toString(ProcessHandle.current().pid());

    private Family() {}

    /** The numbers of this process's children that have ended and were not reaped. */
    static List<String> zombies() {
        List<String> zombies = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
            for (Path process : all) {
                String[] fields = status(process);
                if (fields.length > 1 && fields[0].equals("Z") && fields[1].equals(SELF)) {
                    zombies.add(process.getFileName().toString());
                }
            }
        } catch (IOException notLinux) {
            return List.of();
        }
        return zombies;
    }

    /** Whether there is a process of that number, and no mere zombie. */
    static boolean isAlive(long id) {
        String[] fields = status(Path.of("/proc", Long.toString(id)));
        return fields.length > 1 && !fields[0].equals("Z");
    }

    /** State, parent, group, session, …: what follows the name, which is in parentheses. */
    private static String[] status(Path process) {
        try {
            String line = Files.readString(process.resolve("stat"));
            return line.substring(line.lastIndexOf(')') + 2).split(" ");
        } catch (IOException gone) {
            return new String[0];
        }
    }

    /** The number of its process group. */
    static long group(long id) {
        return Long.parseLong(status(Path.of("/proc", Long.toString(id)))[2]);
    }

    /** The number of its session. */
    static long session(long id) {
        return Long.parseLong(status(Path.of("/proc", Long.toString(id)))[3]);
    }
}
