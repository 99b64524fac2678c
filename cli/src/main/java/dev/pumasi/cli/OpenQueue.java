package dev.pumasi.cli;

import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** A queue that a command has open, on a loop of its own. */
record OpenQueue(Queue queue, LoopGroup loops) implements AutoCloseable {

    private static final Pattern URL = Pattern.compile("[a-z][a-z0-9+.-]+:.*");

    /** What a Bearer token may consist of (RFC 6750 section 2.1). */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private static final int TOKEN_BYTES_MAX = 4_096;

    /**
     * @param where a folder, or a URL
     * @param mayMake whether a folder may be made that is not there: else a mistyped name would look like an empty queue
     */
    static OpenQueue open(String where, Optional<Path> tokenFile, boolean mayMake) throws CannotRun {
        String url = where;
        if (!URL.matcher(where).matches()) {
            if (!mayMake && !isQueue(where)) {
                throw new CannotRun("there is no queue in " + where
                        + "; check the name, or make one with 'pumasi queue serve " + where + "'.");
            }
            if (tokenFile.isPresent()) {
                throw new CannotRun("--token-file means nothing for a folder; it is for http://HOST:PORT.");
            }
            url = "log:" + where;
        }
        String token = token(tokenFile);
        if (!token.isEmpty()) {
            url += (url.indexOf('?') < 0 ? "?" : "&") + "token=" + token;
        }
        LoopGroup loops =
                LoopGroup.start("pumasi-queue", 1, Drivers.choose(Drivers.AUTO).factory());
        try {
            return new OpenQueue(Queue.open(loops.next(), url), loops);
        } catch (IOException refused) {
            loops.close();
            throw told("open the queue in " + where, refused);
        }
    }

    private static boolean isQueue(String folder) throws CannotRun {
        try {
            return Files.exists(Path.of(folder).resolve("format"));
        } catch (InvalidPathException wrong) {
            throw new CannotRun("'" + folder + "' cannot be the name of a folder.", wrong);
        }
    }

    /** The secret in a file; empty without one. */
    static String token(Optional<Path> file) throws CannotRun {
        if (file.isEmpty()) {
            return "";
        }
        String token;
        try {
            if (Files.size(file.get()) > TOKEN_BYTES_MAX) {
                throw new CannotRun(file.get() + " is too large for a token.");
            }
            token = Files.readString(file.get()).strip();
        } catch (IOException unreadable) {
            throw new CannotRun("the token in " + file.get() + " cannot be read; check its name and mode.", unreadable);
        }
        if (!TOKEN.matcher(token).matches()) {
            throw new CannotRun(
                    "what is in " + file.get() + " is no token: letters, digits and - . _ ~ + / =, on one line.");
        }
        return token;
    }

    Loop loop() {
        return queue.loop();
    }

    /** A failure in the words of the queue, without its stack. */
    static CannotRun told(String attempt, IOException failure) {
        return new CannotRun(String.valueOf(QueueException.in(attempt, failure).getMessage()), failure);
    }

    @Override
    public void close() throws CannotRun {
        try {
            queue.close();
        } catch (IOException failure) {
            throw told("close the queue", failure);
        } finally {
            loops.close();
        }
    }
}
