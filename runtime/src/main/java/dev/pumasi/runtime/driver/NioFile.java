package dev.pumasi.runtime.driver;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * A file that {@code java.nio} has open: a channel, one more if it is read and appended to (which one channel refuses), or a
 * folder's entries.
 *
 * @param path where it was opened, for what a channel cannot tell
 * @param channel null for a folder
 * @param appender the channel whose writes go to the end, if the file was opened so
 * @param entries null for a file
 * @param cursor over the entries
 */
record NioFile(
        Path path,
        @Nullable FileChannel channel,
        @Nullable FileChannel appender,
        @Nullable DirectoryStream<Path> entries,
        @Nullable Iterator<Path> cursor) {

    static NioFile folder(Path path, DirectoryStream<Path> entries) {
        return new NioFile(path, null, null, entries, entries.iterator());
    }

    void close() {
        close(channel);
        close(appender);
        close(entries);
    }

    private static void close(@Nullable AutoCloseable part) {
        if (part != null) {
            try {
                part.close();
            } catch (IOException ignored) {
                // It is closed all the same, and nobody waits for the answer.
            } catch (Exception impossible) {
                throw new AssertionError("neither a channel nor a stream of entries throws that", impossible);
            }
        }
    }
}
