import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * Copies a jar and raises class files of before Java 6 to Java 8's version, with the stack maps that they then need. The
 * JVM leaves such old classes out of its ahead-of-time cache, and picocli's are from Java 5: to load and verify them from
 * the jar takes 80 ms at every start. Run by the launcher after a build: {@code java RaiseClassFiles.java FROM TO}.
 */
final class RaiseClassFiles {

    /** The first version that the ahead-of-time cache takes is 50; 52 is verified by stack maps alone. */
    private static final int VERSION = ClassFile.JAVA_8_VERSION;

    private static final int CACHED_FROM_VERSION = ClassFile.JAVA_6_VERSION;

    public static void main(String[] arguments) throws IOException {
        Path to = Path.of(arguments[1]);
        Path partial = to.resolveSibling(to.getFileName() + ".new");
        try (JarFile from = new JarFile(arguments[0]);
                JarOutputStream out = new JarOutputStream(Files.newOutputStream(partial))) {
            ClassFile files = ClassFile.of(
                    StackMapsOption.GENERATE_STACK_MAPS,
                    ClassHierarchyResolverOption.of(
                            ClassHierarchyResolver.ofResourceParsing((ClassDesc type) -> open(from, type))
                                    .orElse(ClassHierarchyResolver.defaultResolver())));
            for (JarEntry entry : (Iterable<JarEntry>) from.stream()::iterator) {
                byte[] bytes = from.getInputStream(entry).readAllBytes();
                JarEntry copy = new JarEntry(entry.getName());
                copy.setTime(entry.getTime());
                out.putNextEntry(copy);
                out.write(entry.getName().endsWith(".class") ? raised(files, bytes) : bytes);
                out.closeEntry();
            }
        }
        Files.move(partial, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static byte[] raised(ClassFile files, byte[] bytes) {
        ClassModel model = files.parse(bytes);
        if (model.majorVersion() >= CACHED_FROM_VERSION) {
            return bytes;
        }
        ClassTransform rebuildCode = ClassTransform.transformingMethodBodies((code, element) -> code.with(element));
        ClassTransform raise = ClassTransform.endHandler(type -> type.withVersion(VERSION, 0));
        return files.transformClass(model, raise.andThen(rebuildCode));
    }

    private static InputStream open(JarFile jar, ClassDesc type) {
        String name = type.descriptorString();
        JarEntry entry = jar.getJarEntry(name.substring(1, name.length() - 1) + ".class");
        try {
            return entry == null ? null : jar.getInputStream(entry);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
