package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.FileAttributes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory, with folders and files, that knows what of it would survive a crash. The drivers of a {@link
 * Simulation} see it; it outlives the simulation, and the next one can be given it.
 *
 * <p><b>What is durable.</b> Bytes and length of a file are once it was synced; names (a file created, renamed, deleted, a
 * folder made) are once their <em>folder</em> was synced. To sync a file does not make its name durable: some file systems
 * do that, POSIX promises it nowhere. Names become durable in the order in which they were changed.
 *
 * <p><b>A crash</b> is {@link #afterCrash}: another disk, with what was found when the machine came up again. Of what was
 * not synced each sector of {@value SimContent#SECTOR_BYTES} bytes, each length and each change of a name is there or not,
 * by the seed; a sector is whole. This disk stays as it is, so many crashes can be tried at one point.
 *
 * <p><b>What it does not have:</b> links, permissions, owners, several names of a file, and sectors that are found
 * with an older content than the last synced one but one of those between (only the last synced and the latest are).
 *
 * <p>Confined to the simulation's thread.
 */
public final class SimDisk {

    /** What lies under a name. */
    abstract static sealed class Node {

        final long number;
        final int mode;
        long modifiedNanos;

        Node(long number, int mode, long modifiedNanos) {
            this.number = number;
            this.mode = mode;
            this.modifiedNanos = modifiedNanos;
        }
    }

    static final class FileNode extends Node {

        final SimContent content;

        FileNode(long number, int mode, long modifiedNanos, SimContent content) {
            super(number, mode, modifiedNanos);
            this.content = content;
        }
    }

    static final class FolderNode extends Node {

        final Map<String, Node> entries = new TreeMap<>();
        final Map<String, Node> durable = new TreeMap<>();

        FolderNode(long number, int mode, long modifiedNanos) {
            super(number, mode, modifiedNanos);
        }
    }

    /** Where a name is, or would be. */
    record Place(FolderNode folder, String name, @Nullable Node node) {}

    /** A name that now stands for another node, or for none. */
    private record Assignment(
            FolderNode folder, String name, @Nullable Node node) {}

    /** What was done to names in one operation, and is not durable yet. */
    private record Change(List<Assignment> assignments) {}

    private final FolderNode root;
    private final List<Change> pending = new ArrayList<>();
    private long nodes;

    /** An empty one. */
    public SimDisk() {
        root = new FolderNode(++nodes, 0755, SimClock.ORIGIN_MILLIS * 1_000_000);
    }

    private SimDisk(FolderNode root, long nodes) {
        this.root = root;
        this.nodes = nodes;
    }

    // ------------------------------------------------------------------------------------------ for tests

    /** Puts a file there, durably, with the folders above it. */
    public void put(Path path, byte[] bytes) {
        FolderNode folder = root;
        for (int i = 0; i < path.getNameCount() - 1; i++) {
            String name = path.getName(i).toString();
            Node next = folder.entries.get(name);
            if (next == null) {
                next = new FolderNode(++nodes, 0755, root.modifiedNanos);
                folder.entries.put(name, next);
                folder.durable.put(name, next);
            }
            if (!(next instanceof FolderNode known)) {
                throw new IllegalArgumentException(path + " leads through the file " + name);
            }
            folder = known;
        }
        FileNode file = new FileNode(++nodes, 0644, root.modifiedNanos, new SimContent(bytes));
        folder.entries.put(String.valueOf(path.getFileName()), file);
        folder.durable.put(String.valueOf(path.getFileName()), file);
    }

    /** Puts a text file there, durably, with the folders above it. */
    public void put(Path path, String text) {
        put(path, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * What a reader would read there now, synced or not.
     *
     * @throws IllegalArgumentException if there is no file
     */
    public byte[] bytes(Path path) {
        if (at(path) instanceof FileNode file) {
            return file.content.read(0, file.content.length());
        }
        throw new IllegalArgumentException("there is no file " + path);
    }

    /** Whether there is something at that path. */
    public boolean exists(Path path) {
        return at(path) != null;
    }

    private @Nullable Node at(Path path) {
        Place place = find(path);
        return place == null ? null : place.node;
    }

    /** The paths of all files, in the order of the alphabet. */
    public List<String> files() {
        List<String> found = new ArrayList<>();
        collect("", root, found);
        return found;
    }

    private static void collect(String prefix, FolderNode folder, List<String> found) {
        folder.entries.forEach((name, node) -> {
            switch (node) {
                case FileNode _ -> found.add(prefix + "/" + name);
                case FolderNode below -> collect(prefix + "/" + name, below, found);
            }
        });
    }

    /** What would be found if the machine lost its power now; this disk stays as it is. */
    public SimDisk afterCrash(Seed seed) {
        Dice dice = seed.split("crash").dice();
        // Now and then all of it or nothing: what has survived by halves everywhere would never be either.
        double kept = switch (dice.below(4)) {
            case 0 -> 0;
            case 1 -> 1;
            default -> 0.5;
        };
        Map<FolderNode, Map<String, Node>> names = new HashMap<>();
        for (Change change : pending) {
            if (dice.chance(kept)) {
                for (Assignment one : change.assignments) {
                    assign(names.computeIfAbsent(one.folder, folder -> new TreeMap<>(folder.durable)), one);
                }
            }
        }
        return new SimDisk(survivor(root, names, new HashMap<>(), dice, kept), nodes);
    }

    private static FolderNode survivor(
            FolderNode folder,
            Map<FolderNode, Map<String, Node>> names,
            Map<Node, Node> known,
            Dice dice,
            double kept) {
        FolderNode copy = new FolderNode(folder.number, folder.mode, folder.modifiedNanos);
        known.put(folder, copy);
        Map<String, Node> found = names.getOrDefault(folder, folder.durable);
        for (Map.Entry<String, Node> entry : found.entrySet()) {
            Node node = known.get(entry.getValue());
            if (node == null) {
                node = switch (entry.getValue()) {
                    case FolderNode below -> survivor(below, names, known, dice, kept);
                    case FileNode file -> {
                        SimContent content = new SimContent(file.content.afterCrash(dice, kept));
                        yield new FileNode(file.number, file.mode, file.modifiedNanos, content);
                    }
                };
                known.put(entry.getValue(), node);
            }
            copy.entries.put(entry.getKey(), node);
            copy.durable.put(entry.getKey(), node);
        }
        return copy;
    }

    // ------------------------------------------------------------------------------------------ for drivers

    /** Where the path leads; null where a folder above it is missing or is none. The root has an empty name. */
    @Nullable
    Place find(Path path) {
        return find(root, path);
    }

    /** As {@link #find(Path)}, from that folder on. */
    static @Nullable Place find(FolderNode from, Path path) {
        List<FolderNode> way = new ArrayList<>();
        FolderNode folder = from;
        String last = "";
        for (Path part : path) {
            if (!last.isEmpty()) {
                if (!(folder.entries.get(last) instanceof FolderNode below)) {
                    return null;
                }
                way.add(folder);
                folder = below;
            }
            last = part.toString();
            if (last.equals("..")) {
                folder = way.isEmpty() ? folder : way.removeLast();
                last = "";
            } else if (last.equals(".")) {
                last = "";
            }
        }
        return new Place(folder, last, last.isEmpty() ? folder : folder.entries.get(last));
    }

    /** A single name in that folder. */
    static Place in(FolderNode folder, Path name) {
        String text = name.toString();
        return new Place(folder, text, folder.entries.get(text));
    }

    /** Why {@link #find} found nothing: a file stands where a folder should, or nothing does. */
    int absence(Path path) {
        for (Path above = path.getParent(); above != null; above = above.getParent()) {
            if (at(above) instanceof FileNode) {
                return -Errno.ENOTDIR;
            }
        }
        return -Errno.ENOENT;
    }

    FileNode create(Place place, int mode, long nowNanos) {
        FileNode file = new FileNode(++nodes, mode, nowNanos, new SimContent());
        change(nowNanos, new Assignment(place.folder, place.name, file));
        return file;
    }

    /** 0 or an error. */
    int makeFolder(Place place, int mode, long nowNanos) {
        if (place.node != null) {
            return -Errno.EEXIST;
        }
        change(nowNanos, new Assignment(place.folder, place.name, new FolderNode(++nodes, mode, nowNanos)));
        return 0;
    }

    /** 0 or an error. */
    int delete(Place place, boolean folder, long nowNanos) {
        switch (place.node) {
            case null -> {
                return -Errno.ENOENT;
            }
            case FileNode _
            when folder -> {
                return -Errno.ENOTDIR;
            }
            case FolderNode _
            when !folder -> {
                return -Errno.EISDIR;
            }
            case FolderNode below
            when !below.entries.isEmpty() -> {
                return -Errno.ENOTEMPTY;
            }
            case Node _
            when place.name.isEmpty() -> {
                return -Errno.EBUSY;
            }
            case Node _ -> {
                change(nowNanos, new Assignment(place.folder, place.name, null));
                return 0;
            }
        }
    }

    /** 0 or an error. */
    int rename(Place from, Place to, boolean replace, long nowNanos) {
        Node node = from.node;
        Node before = to.node;
        if (node == null) {
            return -Errno.ENOENT;
        }
        if (from.name.isEmpty() || to.name.isEmpty()) {
            return -Errno.EBUSY;
        }
        if (before != null && !replace) {
            return -Errno.EEXIST;
        }
        if (node instanceof FolderNode folder) {
            if (contains(folder, to.folder)) {
                return -Errno.EINVAL;
            }
            if (before instanceof FileNode) {
                return -Errno.ENOTDIR;
            }
            if (before instanceof FolderNode other && !other.entries.isEmpty()) {
                return -Errno.ENOTEMPTY;
            }
        } else if (before instanceof FolderNode) {
            return -Errno.EISDIR;
        }
        if (before != node) {
            change(nowNanos, new Assignment(from.folder, from.name, null), new Assignment(to.folder, to.name, node));
        }
        return 0;
    }

    private static boolean contains(FolderNode folder, FolderNode wanted) {
        if (folder == wanted) {
            return true;
        }
        for (Node node : folder.entries.values()) {
            if (node instanceof FolderNode below && contains(below, wanted)) {
                return true;
            }
        }
        return false;
    }

    /** The names in that folder are durable, and with them all that were changed before the last of them. */
    void sync(FolderNode folder) {
        int last = -1;
        for (int i = 0; i < pending.size(); i++) {
            if (pending.get(i).assignments.stream().anyMatch(one -> one.folder == folder)) {
                last = i;
            }
        }
        List<Change> durable = pending.subList(0, last + 1);
        durable.forEach(change -> change.assignments.forEach(one -> assign(one.folder.durable, one)));
        durable.clear();
    }

    FileAttributes attributes(Node node) {
        return switch (node) {
            case FileNode file ->
                new FileAttributes(
                        FileAttributes.Kind.FILE, file.content.length(), file.modifiedNanos, 1, file.number, file.mode);
            case FolderNode folder ->
                new FileAttributes(FileAttributes.Kind.FOLDER, 0, folder.modifiedNanos, 1, folder.number, folder.mode);
        };
    }

    /** What the files that have a name take, in bytes. */
    long usedBytes() {
        return used(root);
    }

    private static long used(FolderNode folder) {
        long sum = 0;
        for (Node node : folder.entries.values()) {
            sum += switch (node) {
                case FileNode file -> file.content.length();
                case FolderNode below -> used(below);
            };
        }
        return sum;
    }

    private void change(long nowNanos, Assignment... assignments) {
        for (Assignment one : assignments) {
            assign(one.folder.entries, one);
            one.folder.modifiedNanos = nowNanos;
        }
        pending.add(new Change(List.of(assignments)));
    }

    private static void assign(Map<String, Node> names, Assignment one) {
        if (one.node == null) {
            names.remove(one.name);
        } else {
            names.put(one.name, one.node);
        }
    }
}
