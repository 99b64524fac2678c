package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.HttpLimits;
import java.io.IOException;
import java.util.List;

/**
 * An application that is ready to answer. Close it after the server that uses its endpoint has stopped. Any thread may call
 * any method.
 */
public final class OpenApplication implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.server");

    private final String name;
    private final String description;
    private final Endpoint endpoint;
    private final Application application;
    private final ApplicationLoader loader;

    private OpenApplication(Application application, Endpoint endpoint, ApplicationLoader loader) {
        name = application.name();
        description = application.description();
        this.application = application;
        this.endpoint = endpoint;
        this.loader = loader;
    }

    static OpenApplication open(ApplicationChoice choice) throws ApplicationException {
        ApplicationLoader loader = ApplicationLoader.open(choice.classPath());
        try {
            Application application = loader.find(choice.name());
            return new OpenApplication(application, endpointOf(application, choice, loader), loader);
        } catch (ApplicationException | RuntimeException refused) {
            closeQuietly(loader);
            throw refused;
        }
    }

    private static Endpoint endpointOf(Application application, ApplicationChoice choice, ApplicationLoader loader)
            throws ApplicationException {
        Settings settings = Settings.of(choice.settings());
        Endpoint endpoint;
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader.classes()); // libraries look for their parts there
        try {
            endpoint = application.open(settings);
        } catch (Exception | LinkageError | StackOverflowError refused) {
            throw new ApplicationException(
                    "the application " + application.name() + " does not start: " + ApplicationLoader.said(refused),
                    refused);
        } finally {
            thread.setContextClassLoader(before);
        }
        List<String> unasked = settings.unasked();
        if (endpoint != null && unasked.isEmpty()) {
            return endpoint;
        }
        ApplicationException refused = new ApplicationException(
                endpoint == null
                        ? "the application " + application.name()
                                + " has opened, but answers null instead of an endpoint"
                        : "the application " + application.name() + " has no setting '" + unasked.getFirst() + "'; "
                                + (settings.asked().isEmpty()
                                        ? "it has none"
                                        : "it has " + String.join(", ", settings.asked())));
        try {
            application.close();
        } catch (Exception | LinkageError failure) {
            refused.addSuppressed(failure);
        }
        throw refused;
    }

    /** What the user calls it. */
    public String name() {
        return name;
    }

    /** What it is, in a line; may be empty. */
    public String description() {
        return description;
    }

    /** The limits of connections that it wants, made of those {@code given}. */
    public HttpLimits limits(HttpLimits given) {
        return application.limits(given);
    }

    /** Who answers. */
    public Endpoint endpoint() {
        return endpoint;
    }

    /**
     * Where its classes come from. Give it to the threads that serve as their {@linkplain Thread#setContextClassLoader context
     * class loader}, for the libraries that look for their parts there; threads inherit it from those that start them.
     */
    public ClassLoader classes() {
        return loader.classes();
    }

    /** Closes the application, and then the files its classes come from. What fails is logged. */
    @Override
    public void close() {
        try {
            application.close();
        } catch (Exception | LinkageError failure) {
            LOG.log(System.Logger.Level.WARNING, "the application " + name + " failed to close", failure);
        }
        closeQuietly(loader);
    }

    private static void closeQuietly(ApplicationLoader loader) {
        try {
            loader.close();
        } catch (IOException failure) {
            LOG.log(System.Logger.Level.WARNING, "closing the class path of an application", failure);
        }
    }
}
