package dev.pumasi.admin;

import dev.pumasi.http.Server;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.ProcessSocket;
import dev.pumasi.server.WorkerCompanion;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The live page's end in each worker process: a {@link ProcessSocket} and a thread that tells whoever connects what this process
 * does, as lines:
 *
 * <pre>
 *   page:    frame                       worker:  what {@link Inside#write} writes, as one line
 *   page:    threads ␣ how many          worker:  what {@link Inside#threads} writes, as one line
 * </pre>
 *
 * <p><b>Not by a loop.</b> It is asked most eagerly when a loop of the worker hangs, and then it still answers, with the stack that
 * blocks and the stretch of the timeline in which nothing turned.
 *
 * <p><b>What it costs.</b> Nothing is loaded beyond this class until somebody connects. Loops are recorded for as long as he stays; one page
 * at a time is talked to, and a second waits.
 */
public final class WorkerReport implements WorkerCompanion {

    /** The ending of the socket's name. */
    static final String PURPOSE = "page";

    static final String FRAME = "frame";
    static final String THREADS = "threads ";

    /** What a page may say in a line. */
    private static final int WISH_BYTES_MAX = 64;

    private static final long RETRY_NANOS = 1_000_000_000L;
    private static final System.Logger LOG = System.getLogger("dev.pumasi.admin");

    /** Called by the worker. */
    public WorkerReport() {}

    @Override
    public AutoCloseable accompany(List<Server> servers, List<Loop> loops) throws IOException {
        ProcessSocket socket = ProcessSocket.open(PURPOSE);
        Thread.ofPlatform()
                .name("pumasi-page")
                .daemon()
                .inheritInheritableThreadLocals(false)
                .start(() -> converse(socket, servers));
        return socket;
    }

    private static void converse(ProcessSocket socket, List<Server> servers) {
        while (socket.isOpen()) {
            try (SocketChannel page = socket.accept()) {
                answer(page, servers);
            } catch (ClosedChannelException over) {
                return;
            } catch (IOException | RuntimeException failure) {
                LOG.log(System.Logger.Level.WARNING, "the live page could not be answered", failure);
                LockSupport.parkNanos(RETRY_NANOS); // no descriptors are left, perhaps, and the next try fails as well
            }
        }
    }

    /** Until the page goes. */
    private static void answer(SocketChannel page, List<Server> servers) {
        Observed observed = new Observed();
        servers.forEach(observed::add);
        try (Pulse pulse = new Pulse();
                InputStream in = new BufferedInputStream(Channels.newInputStream(page));
                OutputStream out = Channels.newOutputStream(page)) {
            Inside inside = new Inside(observed, pulse);
            for (String wish = line(in); !wish.isEmpty(); wish = line(in)) {
                Json said = new Json().beginObject();
                if (wish.equals(FRAME)) {
                    inside.write(said);
                } else {
                    inside.threads(said, Integer.parseInt(wish.substring(THREADS.length())));
                }
                out.write((said.endObject() + "\n").getBytes(StandardCharsets.UTF_8)); // there are no line ends in it
            }
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException pageHasLeftOrBabbles) {
            // which is its affair
        }
    }

    /** A line without its end; empty when there is none. */
    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(WISH_BYTES_MAX);
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (line.size() == WISH_BYTES_MAX) {
                throw new IOException("that is no wish of a page's");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.US_ASCII);
    }
}
