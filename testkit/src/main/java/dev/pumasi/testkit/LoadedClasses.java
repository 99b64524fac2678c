package dev.pumasi.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Loads every class of Pumasi's, and every class that those name, before the first test of a class. Use:
 * {@code @ExtendWith(LoadedClasses.class)}, where a test demands that no green thread ever hops and has several loops, or
 * threads beside the one.
 *
 * <p>The JVM's class loader has a lock for each class, and one for each jar. Two threads that need the same class for the first
 * time meet there; a green thread that has to wait for such a lock is woken by the JVM's own thread, which counts as a hop.
 * Nobody can help that, and it says nothing of Pumasi. Classes are loaded, not initialised: no program's code runs.
 */
public final class LoadedClasses implements BeforeAllCallback {

    private static final String OURS = "dev/pumasi";

    private static boolean loaded;

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        loadAll();
    }

    /** How many there are. The first call in a JVM takes a second or two; others nothing. */
    public static synchronized int loadAll() throws IOException {
        if (loaded) {
            return 0;
        }
        Set<String> names = new LinkedHashSet<>();
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        for (String entry : path.split(File.pathSeparator)) {
            Path place = Path.of(entry);
            if (Files.isDirectory(place)) {
                read(place.resolve(OURS), names);
            } else if (entry.endsWith(".jar") && Files.isRegularFile(place)) {
                try (FileSystem jar = FileSystems.newFileSystem(place)) {
                    read(jar.getPath(OURS), names);
                }
            }
        }
        ClassLoader loader = LoadedClasses.class.getClassLoader();
        for (String name : names) {
            load(name, loader);
        }
        loaded = true;
        return names.size();
    }

    private static void load(String name, ClassLoader loader) {
        try {
            Class.forName(name, false, loader);
        } catch (ClassNotFoundException | LinkageError absent) {
            // It belongs to a part that is not here; whoever needed it would fail.
        }
    }

    private static void read(Path folder, Set<String> names) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(folder)) {
            all.filter(file -> String.valueOf(file.getFileName()).endsWith(".class"))
                    .forEach(files::add);
        } catch (UncheckedIOException unreadable) {
            throw unreadable.getCause();
        }
        for (Path file : files) {
            for (PoolEntry entry :
                    ClassFile.of().parse(Files.readAllBytes(file)).constantPool()) {
                // The class itself is among them. Arrays are made of what the others name.
                if (entry instanceof ClassEntry named && !named.asInternalName().startsWith("[")) {
                    names.add(named.asInternalName().replace('/', '.'));
                }
            }
        }
    }
}
