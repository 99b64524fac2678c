package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The arrows of ARCHITECTURE.md, checked against the compiled classes: what a module's code names, not what its pom
 * allows.
 *
 * <p>Every class, field, method and generic signature a class file mentions stands in its constant pool, so the pool is all that is
 * read. A name that occurs only in a string counts too; so far no class has had a reason to spell out another module.
 */
final class ModuleDependenciesTest {

    /** What each module may name of the others; all arrows point down. */
    private static final Map<String, Set<String>> ALLOWED = Map.ofEntries(
            Map.entry("runtime", Set.of()),
            Map.entry("testkit", Set.of("runtime")),
            Map.entry("http", Set.of("runtime")),
            Map.entry("examples", Set.of("lab", "runtime", "http", "sql", "web", "web-sql", "testkit")),
            Map.entry("server", Set.of("runtime", "http")),
            Map.entry("sql", Set.of("runtime")),
            Map.entry("web", Set.of("runtime", "http")),
            Map.entry("web-sql", Set.of("runtime", "http", "web", "sql")),
            Map.entry("queue", Set.of("runtime")),
            Map.entry("queue-http", Set.of("runtime", "http", "queue")),
            Map.entry("queue-kafka", Set.of("runtime", "queue")),
            Map.entry("lab", Set.of("runtime", "http")),
            Map.entry("admin", Set.of("runtime", "http", "server")),
            Map.entry("cli", Set.of("runtime", "http", "server", "web", "lab", "queue", "queue-http", "admin")));

    /** Modules that may use nothing but {@code java.base}; annotations leave no trace that is needed at run time. */
    private static final Set<String> JAVA_BASE_ONLY = Set.of("runtime", "http");

    /**
     * {@code jdk.unsupported} holds sun.misc.Signal, the only way to hear a signal without a thread that waits for it, and
     * {@code com.sun.nio.file}, the only way to open a file for direct I/O without a system call of one's own.
     */
    private static final Pattern OUTSIDE_JAVA_BASE = Pattern.compile(
            "(java/(awt|beans|lang/management|rmi|sql)|javax/(?!net/)|com/sun/(?!nio/file/)|jdk/|org/|picocli|info/).*");

    /**
     * Classes that are loaded only where the modules that they name, {@code jdk.jfr} and {@code java.management}, are present.
     */
    private static final Pattern LOADED_WHERE_PRESENT =
            Pattern.compile("(JfrRecorder|JfrEcho|ManagedThreads)(\\$.*)?\\.class");

    private static final Pattern PUMASI_NAME = Pattern.compile("dev/pumasi/(queue/http|queue/kafka|web/sql|[a-z]+)/");

    @TestFactory
    Stream<DynamicTest> arrowsPointDown() {
        return ALLOWED.keySet().stream()
                .sorted()
                .map(module -> DynamicTest.dynamicTest(module, () -> {
                    Map<String, Set<String>> upward = new TreeMap<>();
                    for (Path file : classFiles(module)) {
                        for (String name : names(file)) {
                            var matcher = PUMASI_NAME.matcher(name);
                            while (matcher.find()) {
                                String other = matcher.group(1).replace('/', '-');
                                if (!other.equals(module)
                                        && !ALLOWED.get(module).contains(other)) {
                                    upward.computeIfAbsent(other, _ -> new TreeSet<>())
                                            .add(Checkout.ROOT.relativize(file).toString());
                                }
                            }
                        }
                    }
                    assertEquals(Map.of(), upward, module + " names modules it must not know");
                }));
    }

    @TestFactory
    Stream<DynamicTest> theLowerModulesNeedOnlyJavaBase() {
        return JAVA_BASE_ONLY.stream()
                .sorted()
                .map(module -> DynamicTest.dynamicTest(module, () -> {
                    Set<String> foreign = new TreeSet<>();
                    for (Path file : classFiles(module)) {
                        if (LOADED_WHERE_PRESENT
                                .matcher(file.getFileName().toString())
                                .matches()) {
                            continue;
                        }
                        for (String name : classNames(file)) {
                            if (OUTSIDE_JAVA_BASE.matcher(name).matches()) {
                                foreign.add(Checkout.ROOT.relativize(file) + " names " + name);
                            }
                        }
                    }
                    assertEquals(Set.of(), foreign);
                }));
    }

    @Test
    void everyModuleWithCodeIsLookedAt() throws IOException {
        try (Stream<Path> folders = Files.list(Checkout.ROOT)) {
            List<String> modules = folders.filter(
                            folder -> Files.isDirectory(folder.resolve("src/main/java/dev/pumasi")))
                    .map(folder -> folder.getFileName().toString())
                    .filter(module -> !module.equals("benchmarks"))
                    .sorted()
                    .toList();
            assertEquals(ALLOWED.keySet().stream().sorted().toList(), modules);
        }
    }

    /** Guards the guard: the reader must see the arrow from cli to picocli that certainly exists. */
    @Test
    void theReaderSeesWhatAClassNames() throws IOException {
        boolean seen = false;
        for (Path file : classFiles("cli")) {
            seen |= names(file).stream().anyMatch(name -> name.contains("picocli/CommandLine"));
        }
        assertTrue(seen, "no class of cli names picocli");
    }

    private static List<Path> classFiles(String module) throws IOException {
        try (Stream<Path> files = Files.walk(Checkout.ROOT.resolve(module).resolve("target/classes"))) {
            List<Path> classes =
                    files.filter(file -> file.toString().endsWith(".class")).toList();
            assertFalse(classes.isEmpty(), module + " has no compiled classes");
            return classes;
        }
    }

    private static Set<String> names(Path file) throws IOException {
        Set<String> names = new TreeSet<>();
        for (var entry : model(file).constantPool()) {
            if (entry instanceof Utf8Entry text) {
                names.add(text.stringValue());
            }
        }
        return names;
    }

    private static Set<String> classNames(Path file) throws IOException {
        Set<String> names = new TreeSet<>();
        for (var entry : model(file).constantPool()) {
            if (entry instanceof ClassEntry named) {
                names.add(named.asInternalName());
            }
        }
        return names;
    }

    private static ClassModel model(Path file) throws IOException {
        return ClassFile.of().parse(Files.readAllBytes(file));
    }
}
