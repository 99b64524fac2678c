package dev.pumasi.server;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a user has set for an {@link Application}, by name. It remembers what was asked for, so that a name that means nothing
 * is told to whoever has set it. Belongs to the thread that opens the application.
 */
public final class Settings {

    private final Map<String, String> values;
    private final Set<String> asked = new TreeSet<>();

    private Settings(Map<String, String> values) {
        this.values = Map.copyOf(values);
    }

    /** These values by their names. */
    public static Settings of(Map<String, String> values) {
        return new Settings(values);
    }

    /** What is set, if anything is. */
    public Optional<String> text(String name) {
        asked.add(name);
        return Optional.ofNullable(values.get(name));
    }

    /** What is set, or else {@code otherwise}. */
    public String text(String name, String otherwise) {
        return text(name).orElse(otherwise);
    }

    /**
     * What must be set.
     *
     * @param meaning what it is, for the user who has not set it: {@code "the folder to serve"}
     * @throws SettingException if nothing is set
     */
    public String required(String name, String meaning) {
        return text(name).orElseThrow(() -> new SettingException(name + " is not set: " + meaning));
    }

    /**
     * A whole number.
     *
     * @throws SettingException if it is none, or not from {@code least} to {@code most}
     */
    public long number(String name, long otherwise, long least, long most) {
        Optional<String> set = text(name);
        if (set.isEmpty()) {
            return otherwise;
        }
        long number;
        try {
            number = Long.parseLong(set.get());
        } catch (NumberFormatException wrong) {
            throw new SettingException(name + " is '" + set.get() + "', and must be a whole number", wrong);
        }
        if (number < least || number > most) {
            throw new SettingException(name + " is " + number + ", and must be from " + least + " to " + most);
        }
        return number;
    }

    /**
     * Yes or no: {@code true} or {@code false}.
     *
     * @throws SettingException if it is neither
     */
    public boolean flag(String name, boolean otherwise) {
        String set = text(name, Boolean.toString(otherwise));
        return switch (set) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new SettingException(name + " is '" + set + "', and must be true or false");
        };
    }

    /**
     * A file or folder; nobody looks whether it is there.
     *
     * @throws SettingException if it cannot be the name of one
     */
    public Path path(String name, Path otherwise) {
        Optional<String> set = text(name);
        try {
            return set.isEmpty() ? otherwise : Path.of(set.get());
        } catch (InvalidPathException wrong) {
            throw new SettingException(name + " cannot be a path: " + wrong.getMessage(), wrong);
        }
    }

    /** What there is to set, as far as it was asked for, in alphabetical order. */
    List<String> asked() {
        return new ArrayList<>(asked);
    }

    /** What is set and nobody has asked for, in alphabetical order. */
    List<String> unasked() {
        TreeMap<String, String> left = new TreeMap<>(values);
        asked.forEach(left::remove);
        return new ArrayList<>(left.keySet());
    }
}
