package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.HttpLimits;
import java.util.List;

/**
 * A program that answers requests and that users start by its name: {@code pumasi serve --app NAME}. Write one where a
 * {@link dev.pumasi.http.Handler} is not enough, because it has settings, or something to open before the first request and to close
 * after the last.
 *
 * <pre>{@code
 * public final class Orders implements Application {
 *     public String name() {
 *         return "orders";
 *     }
 *
 *     public Endpoint open(Settings settings) throws Exception {
 *         database = Database.open(settings.text("url", "jdbc:h2:./orders"));
 *         return Router.builder().get("/orders", this::list).build();
 *     }
 *
 *     public void close() {
 *         database.close();
 *     }
 * }
 * }</pre>
 *
 * <p><b>How it is found.</b> Its class is public, has a public constructor without parameters, and is named in a file {@code
 * META-INF/services/dev.pumasi.server.Application} on the class path or in a jar that is given at the start; or the user names
 * the class itself. Making an instance must be cheap: a list of all applications makes one of each.
 *
 * <p><b>Its life.</b> An instance is opened once at most, before the server listens, and then closed once, after the server has
 * stopped; both on a platform thread, where it may block. In between any number of threads use what {@code open} has
 * returned. A model with several processes opens one instance in each: what they share must lie outside of them.
 */
public interface Application extends AutoCloseable {

    /** How users call it: lower-case letters, digits and hyphens, beginning with a letter. Always the same. */
    String name();

    /** What it is, in a line. */
    default String description() {
        return "";
    }

    /** What can be set for it, for people; {@link #open} asks for the same names. Always the same. */
    default List<Setting> settings() {
        return List.of();
    }

    /**
     * Makes ready to answer. If this fails, {@link #close} is not called.
     *
     * @param settings what the user has set. One that this does not ask for is an error, so that a mistyped one is noticed
     * @throws Exception to refuse; the message is what the user sees
     */
    Endpoint open(Settings settings) throws Exception;

    /**
     * The limits of connections that it wants, once it is open.
     *
     * @param given what holds unless it says otherwise
     */
    default HttpLimits limits(HttpLimits given) {
        return given;
    }

    /** Gives back what {@link #open} took. */
    @Override
    default void close() throws Exception {}
}
