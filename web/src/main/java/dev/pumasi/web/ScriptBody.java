package dev.pumasi.web;

import dev.pumasi.http.RequestBody;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The body of a request as a script is fed with it: as it comes from the client or, where its length must be known before and the
 * client has not said it, taken in whole first. Then the first {@value #MEMORY_BYTES} bytes are in memory; if there are more, all of
 * them are in a file that has no name any more, so that nothing is left of it whatever happens. How long a body may be is the
 * server's limit ({@link dev.pumasi.http.HttpLimits#bodyBytesMax}), with or without a length.
 */
abstract sealed class ScriptBody implements AutoCloseable {

    static final int MEMORY_BYTES = 64 * 1024;

    private static final Path NAME = Path.of("pumasi-body");

    /** The next bytes, at least one; −1 at the end. Parks. */
    abstract int read(byte[] to, int offset, int length) throws IOException;

    /** 0 without a body, −1 if it is not known. */
    abstract long length();

    @Override
    public void close() {}

    static ScriptBody asItComes(RequestBody body) {
        return new Coming(body);
    }

    /** Takes it all in. Parks. */
    static ScriptBody taken(RequestBody body, Loop loop, Path temporaryFolder) throws IOException {
        byte[] memory = new byte[8 * 1024];
        int size = 0;
        while (size < MEMORY_BYTES) {
            if (size == memory.length) {
                memory = Arrays.copyOf(memory, Math.min(MEMORY_BYTES, 2 * size));
            }
            int count = body.read(memory, size, memory.length - size);
            if (count < 0) {
                return new InMemory(memory, size);
            }
            size += count;
        }
        AsyncFile file = nameless(loop, temporaryFolder);
        boolean kept = false;
        try {
            long length = size;
            file.write(0, memory, 0, size);
            for (int count = body.read(memory, 0, memory.length);
                    count >= 0;
                    count = body.read(memory, 0, memory.length)) {
                file.write(length, memory, 0, count);
                length += count;
            }
            kept = true;
            return new OnDisk(file, length);
        } finally {
            if (!kept) {
                file.close();
            }
        }
    }

    private static AsyncFile nameless(Loop loop, Path temporaryFolder) throws IOException {
        try (AsyncFolder folder = loop.files().openFolder(temporaryFolder)) {
            AsyncFile file = folder.openTemporaryBeneath(NAME);
            boolean unnamed = false;
            try {
                folder.deleteBeneath(folder.temporaryOf(file));
                unnamed = true;
                return file;
            } finally {
                if (!unnamed) {
                    file.close();
                }
            }
        }
    }

    private static final class Coming extends ScriptBody {

        private final RequestBody body;

        Coming(RequestBody body) {
            this.body = body;
        }

        @Override
        int read(byte[] to, int offset, int length) throws IOException {
            return body.read(to, offset, length);
        }

        @Override
        long length() {
            return body.length();
        }
    }

    private static final class InMemory extends ScriptBody {

        private final byte[] bytes;
        private final int size;
        private int position;

        InMemory(byte[] bytes, int size) {
            this.bytes = bytes;
            this.size = size;
        }

        @Override
        int read(byte[] to, int offset, int length) {
            int count = Math.min(length, size - position);
            if (count == 0) {
                return -1;
            }
            System.arraycopy(bytes, position, to, offset, count);
            position += count;
            return count;
        }

        @Override
        long length() {
            return size;
        }
    }

    private static final class OnDisk extends ScriptBody {

        private final AsyncFile file;
        private final long length;
        private long position;

        OnDisk(AsyncFile file, long length) {
            this.file = file;
            this.length = length;
        }

        @Override
        int read(byte[] to, int offset, int count) throws IOException {
            int read =
                    position == length ? 0 : file.read(position, to, offset, (int) Math.min(count, length - position));
            position += read;
            return read == 0 ? -1 : read;
        }

        @Override
        long length() {
            return length;
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
