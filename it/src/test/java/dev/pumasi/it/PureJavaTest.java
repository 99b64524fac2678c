package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

/**
 * Pure Java (N7): no native library is shipped, neither in the modules nor in the one executable jar, and none is
 * loaded. The kernel is called through {@code java.lang.foreign}, by way of the C library that the JVM has loaded
 * already.
 *
 * <p>Looked at are the compiled classes and resources of each module, and whatever jars have been built by now.
 */
final class PureJavaTest {

    private static final System.Logger LOG = System.getLogger(PureJavaTest.class.getName());

    private static final List<String> MODULES = List.of("runtime", "testkit", "http", "web", "cli");

    private static final Pattern LIBRARY_NAME = Pattern.compile(".*\\.(so(\\.\\d+)*|dll|dylib|jnilib|a|o)");

    /** ELF; Windows; Mach-O of 32 and 64 bits in both byte orders. (A fat Mach-O begins like a class file.) */
    private static final Set<String> NATIVE_BEGINNINGS =
            Set.of("7f454c46", "4d5a9000", "feedface", "feedfacf", "cefaedfe", "cffaedfe");

    private static final Set<String> LOADERS = Set.of(
            "java/lang/System.load",
            "java/lang/System.loadLibrary",
            "java/lang/Runtime.load",
            "java/lang/Runtime.loadLibrary",
            "java/lang/foreign/SymbolLookup.libraryLookup");

    @Test
    void theModulesHoldNoNativeCode() throws IOException {
        Set<String> found = new TreeSet<>();
        for (String module : MODULES) {
            Path classes = Checkout.ROOT.resolve(module).resolve("target/classes");
            assertTrue(Files.isDirectory(classes), "not compiled: " + classes);
            try (Stream<Path> files = Files.walk(classes)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    judge(Checkout.ROOT.relativize(file).toString(), Files.readAllBytes(file), found);
                }
            }
        }
        assertEquals(Set.of(), found);
    }

    @Test
    void theJarsHoldNoNativeCode() throws IOException {
        Set<String> found = new TreeSet<>();
        List<Path> jars = jars();
        LOG.log(
                Level.INFO,
                jars.isEmpty() ? "no jar has been built yet: `verify` builds them" : "looked into {0}",
                jars);
        for (Path jar : jars) {
            int entries = 0;
            try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(jar))) {
                for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                    entries++;
                    judge(Checkout.ROOT.relativize(jar) + "!" + entry.getName(), zip.readAllBytes(), found);
                }
            }
            assertTrue(entries > 0, jar + " is empty");
        }
        assertEquals(Set.of(), found);
    }

    /** Guards the guard: the JDK's own classes have native methods and load libraries, and its folder holds some. */
    @Test
    void nativeCodeIsRecognised() throws IOException {
        Set<String> found = new TreeSet<>();
        for (String name : List.of("java/lang/Object.class", "java/lang/Runtime.class", "java/lang/System.class")) {
            try (InputStream bytes = Object.class.getResourceAsStream("/" + name)) {
                judge(name, bytes.readAllBytes(), found);
            }
        }
        assertTrue(found.contains("java/lang/Object.class has the native method hashCode"), found.toString());

        Path virtualMachine = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("java"));
        if (Files.exists(virtualMachine)) {
            found.clear();
            judge("renamed.dat", Files.readAllBytes(virtualMachine), found);
            assertFalse(found.isEmpty(), virtualMachine + " was taken for data");
        }
    }

    private static List<Path> jars() throws IOException {
        List<Path> jars = new ArrayList<>();
        for (String module : MODULES) {
            Path target = Checkout.ROOT.resolve(module).resolve("target");
            try (Stream<Path> files = Files.list(target)) {
                files.filter(file -> file.toString().endsWith(".jar")).forEach(jars::add);
            }
        }
        return jars;
    }

    private static void judge(String name, byte[] bytes, Set<String> found) {
        if (LIBRARY_NAME.matcher(name).matches()) {
            found.add(name + " is named like a library");
        }
        if (bytes.length >= 4 && NATIVE_BEGINNINGS.contains(HexFormat.of().formatHex(bytes, 0, 4))) {
            found.add(name + " begins like native code");
        }
        if (name.endsWith(".class")) {
            judgeClass(name, ClassFile.of().parse(bytes), found);
        }
    }

    private static void judgeClass(String name, ClassModel model, Set<String> found) {
        for (var method : model.methods()) {
            if (method.flags().has(AccessFlag.NATIVE)) {
                found.add(name + " has the native method " + method.methodName().stringValue());
            }
        }
        for (var entry : model.constantPool()) {
            if (entry instanceof MemberRefEntry member) {
                String called =
                        member.owner().asInternalName() + "." + member.name().stringValue();
                if (LOADERS.contains(called)) {
                    found.add(name + " calls " + called);
                }
            }
        }
    }
}
