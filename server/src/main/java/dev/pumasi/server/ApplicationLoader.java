package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.regex.Pattern;

/**
 * Finds applications by name, in this program and in further jars and folders.
 *
 * <p>Those have a class loader of their own, which is new each time, below that of this program: what is exchanged on the
 * disk is found anew, and a jar that carries Pumasi along still shares the types of the one that runs. The JDK passes over
 * files that are missing or broken in silence and says only that a class was not found, so they are looked at first.
 *
 * <p>An entry that cannot be made is no obstacle to the others; it is told when the application that is wanted is not found.
 */
final class ApplicationLoader implements AutoCloseable {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

    private final ClassLoader classes;

    private ApplicationLoader(ClassLoader classes) {
        this.classes = classes;
    }

    static ApplicationLoader open(List<Path> classPath) throws ApplicationException {
        ClassLoader own = ApplicationLoader.class.getClassLoader();
        if (classPath.isEmpty()) {
            return new ApplicationLoader(own);
        }
        List<URL> places = new ArrayList<>();
        for (Path path : classPath) {
            places.add(checked(path));
        }
        return new ApplicationLoader(new URLClassLoader("applications", places.toArray(URL[]::new), own));
    }

    private static URL checked(Path path) throws ApplicationException {
        if (!Files.exists(path)) {
            throw new ApplicationException("there is no " + path + " for the class path; check its spelling");
        }
        if (!Files.isDirectory(path)) {
            try (JarFile jar = new JarFile(path.toFile())) {
                jar.getManifest();
            } catch (IOException | SecurityException broken) {
                throw new ApplicationException(
                        path + " is no jar that could be read (" + broken.getMessage()
                                + "); the class path takes jars and folders",
                        broken);
            }
        }
        try {
            return path.toUri().toURL();
        } catch (MalformedURLException unnameable) {
            throw new ApplicationException(path + " cannot be on a class path: " + unnameable.getMessage(), unnameable);
        }
    }

    ClassLoader classes() {
        return classes;
    }

    /**
     * An instance of its own of the application that is called so. A name with a dot can only be that of a class, and is looked
     * for without making an instance of each application first.
     */
    Application find(String name) throws ApplicationException {
        if (name.indexOf('.') < 0) {
            Application listed = all(new ArrayList<>()).get(name);
            if (listed != null) {
                return listed;
            }
        }
        try {
            return made(Class.forName(name, false, classes));
        } catch (ClassNotFoundException absent) {
            List<String> broken = new ArrayList<>();
            throw new ApplicationException(
                    "there is no application '" + name + "', and no class of that name; choose "
                            + String.join(", ", all(broken).keySet())
                            + (broken.isEmpty() ? "" : ". Not to be had: " + String.join("; ", broken)),
                    absent);
        } catch (LinkageError broke) {
            throw new ApplicationException("the class " + name + " cannot be loaded: " + said(broke), broke);
        }
    }

    /** All that are known by a name. */
    List<String> names() {
        return List.copyOf(all(new ArrayList<>()).keySet());
    }

    private Map<String, Application> all(List<String> broken) {
        Map<String, Application> all = new TreeMap<>();
        Iterator<Application> entries =
                ServiceLoader.load(Application.class, classes).iterator();
        while (true) {
            try {
                if (!entries.hasNext()) {
                    return all;
                }
                Application application = entries.next();
                String name = application.name();
                if (name == null || !NAME.matcher(name).matches()) {
                    broken.add(application.getClass().getName() + " calls itself '" + name + "'");
                } else if (all.putIfAbsent(name, application) != null) {
                    broken.add(application.getClass().getName() + " calls itself " + name + " as "
                            + all.get(name).getClass().getName() + " does");
                }
            } catch (ServiceConfigurationError | LinkageError | RuntimeException failure) {
                broken.add(said(failure));
            }
        }
    }

    private static Application made(Class<?> type) throws ApplicationException {
        String called = "the class " + type.getName();
        if (!Application.class.isAssignableFrom(type) && !Endpoint.class.isAssignableFrom(type)) {
            throw new ApplicationException(
                    called + " is neither an Application nor a Handler nor an AsyncHandler; let it implement one");
        }
        if (!Modifier.isPublic(type.getModifiers())) {
            throw new ApplicationException(called + " is not public; make it so");
        }
        if (Modifier.isAbstract(type.getModifiers())) {
            throw new ApplicationException(called + " is abstract; name one that extends it");
        }
        Object made;
        try {
            made = type.getConstructor().newInstance();
        } catch (NoSuchMethodException absent) {
            throw new ApplicationException(
                    called + " has no public constructor without parameters; give it one", absent);
        } catch (InvocationTargetException thrown) {
            Throwable failure = thrown.getCause() == null ? thrown : thrown.getCause();
            throw new ApplicationException("the constructor of " + type.getName() + " threw " + said(failure), failure);
        } catch (ReflectiveOperationException | LinkageError refused) {
            throw new ApplicationException(called + " cannot be made: " + said(refused), refused);
        }
        return made instanceof Application application ? application : new Bare(type.getName(), (Endpoint) made);
    }

    /** What a failure says, with its class where that is needed to understand it. */
    static String said(Throwable failure) {
        String message = failure.getMessage();
        if (failure instanceof SettingException && message != null) {
            return message;
        }
        String type = failure.getClass().getSimpleName();
        return message == null || message.isBlank() ? type : type + ": " + message;
    }

    @Override
    public void close() throws IOException {
        if (classes instanceof URLClassLoader own) {
            own.close();
        }
    }

    /** A class that is no more than an endpoint. */
    private record Bare(String name, Endpoint endpoint) implements Application {

        @Override
        public Endpoint open(Settings settings) {
            return endpoint;
        }

        /** Of whoever has something to close. */
        @Override
        public void close() throws Exception {
            if (endpoint instanceof AutoCloseable open) {
                open.close();
            }
        }
    }
}
