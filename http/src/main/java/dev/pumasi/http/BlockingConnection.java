package dev.pumasi.http;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.memory.Buffer;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One connection of {@link BlockingHttp}, from top to bottom: read a head, let the endpoint answer, write the answer, skip
 * what is left of the body, again.
 *
 * <p><b>Where the bytes are.</b> What arrives lies between {@code start} and {@code end} of one buffer. A head stays there
 * while its request is handled, because nothing else is read meanwhile; only a request that has a body has its head copied,
 * for the body is read into the same buffer. What is answered is collected in another, which is written when it is full and
 * before every wait: a client that pipelines gets its answers together.
 *
 * <p><b>Threads.</b> All of it belongs to the thread that serves, but {@link #look}, {@link #endIfIdle} and {@link #abort}.
 * {@code deadlineNanos} is the hand-over between that thread and the watcher: whoever takes the value out by an atomic
 * exchange has decided whether the time was up. {@code idle} and {@link BlockingHttp#endsIdle} are written before the other
 * is read, each by its own side, both volatile, so one of the two sees the other (Dekker).
 *
 * <p>It is long because a connection's whole life can be read here from top to bottom; what a loop spreads over input, sender
 * and deadline is a handful of short methods when one thread does it all.
 */
final class BlockingConnection implements Exchange {

    private static final long NONE = Long.MAX_VALUE;
    private static final long PASSED = Long.MIN_VALUE;
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** How long a client may take to close its end after the last answer. */
    private static final int LINGER_MILLIS = 2_000;

    /** An array is written in such pieces, because the JDK copies it into native memory of that size. */
    private static final int PIECE_BYTES = 64 * 1024;

    private static final SocketAddress UNKNOWN = InetSocketAddress.createUnresolved("unknown", 0);

    final HttpCounters counters = new HttpCounters();

    /** How many times bytes, or their end, have come; other threads see about how many. */
    int reads;

    private final BlockingHttp http;
    private final SocketChannel channel;
    private final BlockingHttp.Workplace workplace;
    private final RequestParser parser;
    private final Buffer output;
    private final boolean overloaded;
    private final boolean warmUp;
    private final long number = HttpCounters.CONNECTION_NUMBERS.incrementAndGet();
    private final AtomicLong deadlineNanos = new AtomicLong(NONE);
    private volatile boolean writing;
    private volatile boolean idle;

    /** Written before {@code idle} is set, read after it was seen. */
    private long idleSinceNanos;

    private Buffer input;
    private int start;
    private int end;
    private int outputBytes;
    private int requests;
    private boolean inputEnded;
    private boolean timedOut;

    /** Whether a read or a write has failed: what fails after that is the connection's fault. */
    private boolean broken;

    private boolean lingers;

    /** Whether the client has been told to send the body, or did not ask. */
    private boolean continued;

    private @Nullable BlockingBody body;

    /**
     * @param overloaded whether it is one too many
     * @param warmUp whether its client is the server itself
     */
    BlockingConnection(
            BlockingHttp http,
            SocketChannel channel,
            BlockingHttp.Workplace workplace,
            boolean overloaded,
            boolean warmUp) {
        this.overloaded = overloaded;
        this.warmUp = warmUp;
        this.http = http;
        this.channel = channel;
        this.workplace = workplace;
        parser = workplace.parser;
        input = workplace.input;
        output = workplace.output;
        counters.connections = 1;
        counters.open = 1;
        counters.refused = overloaded ? 1 : 0;
    }

    // ------------------------------------------------------------------------------------------- the serving thread

    /** Serves it to its end. */
    void serve() {
        try (channel) {
            if (channel.getLocalAddress() instanceof InetSocketAddress) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // answers are written whole
            }
            boolean more = !overloaded || refuse(Refusal.OVERLOADED);
            while (more) {
                more = serveRequest();
            }
            flush();
            if (lingers && !inputEnded) {
                linger();
            }
        } catch (IOException gone) {
            if (timedOut && writing) {
                counters.writeTimeouts++;
            } else if (!idle && !http.isDraining()) {
                counters.broken++;
            }
        } finally {
            counters.open = 0;
            workplace.input = input;
        }
    }

    /** Says whether there may be another. */
    private boolean serveRequest() throws IOException {
        parser.reset();
        body = null;
        if (!readHead()) {
            return false;
        }
        counters.requests++;
        requests++;
        Request request = new Request(parser, this);
        int headAt = start;
        start += parser.headLength();
        if (parser.contentLength() > http.limits.bodyBytesMax()) {
            return refuse(Violation.BODY_TOO_LARGE);
        }
        if (parser.contentLength() != 0) {
            parser.moved(copy(headAt, parser.headLength()), 0);
            workplace.decoder.begin(parser, http.limits.bodyBytesMax());
            continued = !parser.expectsContinue();
            body = new BlockingBody(this, workplace.decoder, parser.contentLength());
        }
        boolean keepAlive = handle(request);
        request.retire();
        if (body != null) {
            body.retire();
        }
        if (!keepAlive) {
            lingers = lingers || parser.keepsAlive() || start < end || body != null && !body.isRead();
        }
        return keepAlive;
    }

    /** Reads until the parser has a head. False if there will be none; then whatever there is to say has been written. */
    private boolean readHead() throws IOException {
        long waitMillis = requests == 0 ? http.limits.headTimeoutMillis() : http.limits.idleTimeoutMillis();
        long dueNanos = http.clock.nanoTime() + waitMillis * NANOS_PER_MILLI;
        boolean begun = false;
        while (true) {
            if (start < end) {
                switch (parser.parse(input, start, end)) {
                    case RequestParser.HEAD -> {
                        return true;
                    }
                    case RequestParser.VIOLATION -> {
                        return refuse(parser.violation());
                    }
                    default -> {}
                }
                if (parser.hasBegun() && !begun) {
                    begun = true;
                    dueNanos = http.clock.nanoTime() + http.limits.headTimeoutMillis() * NANOS_PER_MILLI;
                }
            }
            if (inputEnded) {
                if (!begun) {
                    if (timedOut) {
                        counters.idleTimeouts++;
                    }
                    return false;
                }
                if (!timedOut) {
                    counters.broken++;
                }
                return refuse(timedOut ? Violation.HEAD_TIMEOUT : Violation.HEAD_INCOMPLETE);
            }
            if (begun) {
                fill(dueNanos);
            } else {
                idleSinceNanos = http.clock.nanoTime();
                idle = true; // before the look: see the head of this class
                if (!http.endsIdle()) {
                    fill(dueNanos);
                } else {
                    inputEnded = true;
                }
                idle = false;
            }
        }
    }

    /** Waits for more bytes, until the client or the watcher ends the input. */
    private void fill(long dueNanos) throws IOException {
        flush();
        makeRoom();
        ByteBuffer view = input.view();
        view.limit(input.capacity()).position(end);
        deadlineNanos.set(dueNanos);
        int count;
        try {
            count = channel.read(view);
        } catch (IOException gone) {
            broken = true;
            throw gone;
        } finally {
            timedOut |= deadlineNanos.getAndSet(NONE) == PASSED;
        }
        reads++;
        if (count < 0) {
            inputEnded = true;
        } else {
            end += count;
        }
    }

    private void makeRoom() {
        if (start == end) {
            start = 0;
            end = 0;
        } else if (end == input.capacity()) {
            // A head that has not ended is all there is: the parser refuses it before this has grown beyond its limit.
            Buffer roomier = start > 0 ? input : Buffer.allocate(2 * input.capacity());
            byte[] waiting = input.bytes(start, end - start);
            roomier.put(0, waiting, 0, waiting.length);
            input = roomier;
            start = 0;
            end = waiting.length;
        }
    }

    private Buffer copy(int at, int length) {
        Buffer copy = Buffer.allocate(length);
        copy.put(0, input, at, length);
        return copy;
    }

    // ------------------------------------------------------------------------------------------- answers

    /** Says whether the connection lives on. */
    private boolean handle(Request request) throws IOException {
        Response response;
        try {
            response = ask(http.endpoint.select(request), request);
        } catch (Throwable failure) { // of the handler, and the thread goes on to serve others
            if (broken && Blame.isOfConnection(failure)) {
                throw new IOException("the connection broke while a request was handled", failure);
            }
            Violation violation = Blame.violationIn(failure);
            if (violation != null) {
                return refuse(violation);
            }
            counters.handlerFailures++;
            http.report("the handler of " + request.method() + " " + request.target(), failure);
            response = Refusal.FAILED;
        } finally {
            Thread.interrupted(); // an interrupt that a handler left behind would close the channel
        }
        return answer(request, response);
    }

    private Response ask(Endpoint endpoint, Request request) throws Exception {
        if (!(endpoint instanceof Handler quick && quick.isNonBlocking())) {
            flush(); // it may take its time, and the answers so far should not wait for this one
        }
        if (endpoint instanceof Handler handler) {
            return Objects.requireNonNull(handler.handle(request), "a handler answered null");
        }
        Waiting answer = new Waiting();
        try {
            ((AsyncHandler) endpoint).handle(request, answer);
        } catch (Throwable failure) {
            if (!answer.stage.isDone()) {
                throw failure;
            }
            counters.handlerFailures++;
            http.report("a handler that had answered", failure);
        }
        try {
            return answer.stage.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }

    private boolean livesOn(Response response, BodyFraming framing) {
        BlockingBody asked = body;
        return ResponseEncoder.keepsAlive(
                response,
                framing,
                parser.keepsAlive()
                        && requests < http.limits.requestsPerConnectionMax()
                        && !http.isDraining()
                        && !http.isCrowded()
                        && !(inputEnded && start == end)
                        && (asked == null || asked.isRestBearable()));
    }

    private boolean answer(Request request, Response given) throws IOException {
        Response response = given.upgrade() == null ? given : Refusal.FAILED; // a tunnel needs a loop
        boolean http10 = parser.isHttp10();
        BodyFraming framing = BodyFraming.of(response, parser.isHead(), http10);
        BlockingBody asked = body;
        boolean keepAlive = livesOn(response, framing);
        BodyWriter writer = response.writer();
        continued = true; // in the midst of the answer there is no other
        try {
            writeHead(response, framing, http10, keepAlive);
        } catch (IOException gone) {
            discard(writer);
            throw gone;
        }
        if (framing == BodyFraming.NONE) {
            discard(writer);
        } else {
            Buffer bytes = response.bodyBuffer();
            if (bytes != null) {
                write(bytes, 0, bytes.capacity());
            } else if (writer == null) {
                write(response.bodyBytes(), 0, response.bodyBytes().length);
            } else if (!stream(request, writer, new FramedOutput(new Sink(), framing, response))) {
                return false;
            }
        }
        return keepAlive && (asked == null || asked.skip());
    }

    private void discard(@Nullable BodyWriter writer) {
        if (writer != null) {
            try {
                writer.discard();
            } catch (RuntimeException failure) {
                counters.handlerFailures++;
                http.report("giving a body back", failure);
            }
        }
    }

    private boolean refuse(Violation violation) throws IOException {
        counters.count(violation);
        return refuse(violation.response());
    }

    /** The connection ends with the answer: false. */
    private boolean refuse(Response response) throws IOException {
        lingers = true;
        writeHead(response, BodyFraming.LENGTH, false, false);
        write(response.bodyBytes(), 0, response.bodyBytes().length);
        return false;
    }

    /** False if the writer failed: the client learns of it by the end of the connection. */
    private boolean stream(Request request, BodyWriter writer, FramedOutput stream) throws IOException {
        try {
            writer.writeTo(stream);
            stream.end();
            return true;
        } catch (Throwable failure) {
            if (!broken || !Blame.isOfConnection(failure)) {
                counters.handlerFailures++;
                http.report("the body of the answer to " + request.method() + " " + request.target(), failure);
            }
            if (stream.endsWithConnection() && channel.isOpen()) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0); // or it would seem complete
            }
            if (!broken) {
                flush(); // what there was of it
            }
            channel.close();
            throw new IOException("an answer was broken off", failure);
        }
    }

    private void writeHead(Response response, BodyFraming framing, boolean http10, boolean keepAlive)
            throws IOException {
        HeadBlock head = workplace.head;
        head.tick(http.clock.currentTimeMillis());
        int most = ResponseEncoder.headBytesMax(response, head);
        if (most > output.capacity() - outputBytes) {
            flush();
        }
        if (most <= output.capacity()) {
            outputBytes = ResponseEncoder.head(
                    response, framing, http10, keepAlive, head, output, outputBytes, output.capacity());
        } else {
            Buffer own = Buffer.allocate(most);
            write(own, 0, ResponseEncoder.head(response, framing, http10, keepAlive, head, own, 0, most));
        }
    }

    private void write(byte[] bytes, int offset, int length) throws IOException {
        if (length > output.capacity() - outputBytes) {
            flush();
        }
        if (length <= output.capacity()) {
            output.put(outputBytes, bytes, offset, length);
            outputBytes += length;
            return;
        }
        for (int done = 0; done < length; done += PIECE_BYTES) {
            writeNow(ByteBuffer.wrap(bytes, offset + done, Math.min(PIECE_BYTES, length - done)));
        }
    }

    /** Copies: other threads may be sending the same bytes, and a buffer has one view for all. */
    private void write(Buffer bytes, int offset, int length) throws IOException {
        int done = 0;
        while (done < length) {
            if (outputBytes == output.capacity()) {
                flush();
            }
            int count = Math.min(output.capacity() - outputBytes, length - done);
            output.put(outputBytes, bytes, offset + done, count);
            outputBytes += count;
            done += count;
        }
    }

    private void flush() throws IOException {
        if (outputBytes > 0) {
            ByteBuffer view = output.view().limit(outputBytes).position(0);
            outputBytes = 0;
            writeNow(view);
        }
    }

    private void writeNow(ByteBuffer bytes) throws IOException {
        writing = true;
        while (bytes.hasRemaining()) {
            deadlineNanos.set(http.clock.nanoTime() + http.limits.writeTimeoutMillis() * NANOS_PER_MILLI);
            try {
                channel.write(bytes);
            } catch (IOException gone) {
                broken = true;
                throw gone;
            } finally {
                timedOut |= deadlineNanos.getAndSet(NONE) == PASSED;
            }
        }
        writing = false;
    }

    /** To close with bytes unread would reset the connection, and the client might lose the answer. */
    private void linger() throws IOException {
        channel.shutdownOutput();
        long dueNanos = http.clock.nanoTime() + LINGER_MILLIS * NANOS_PER_MILLI;
        int discarded = 0;
        while (!inputEnded && discarded <= HttpConnection.DISCARDED_BYTES_MAX) {
            start = end;
            fill(dueNanos);
            discarded += end - start;
        }
    }

    // ------------------------------------------------------------------------------------------- for the body

    /** Decodes what there is, reading more if there is nothing: a code of {@link BodyDecoder}, but never NEED_MORE. */
    int decode(BodyDecoder decoder) throws IOException {
        while (true) {
            int outcome = decoder.decode(input, start, end);
            if (outcome == BodyDecoder.DATA) {
                start = decoder.dataStart();
                return outcome;
            }
            start += decoder.consumed();
            if (outcome != BodyDecoder.NEED_MORE) {
                return outcome;
            }
            if (inputEnded) {
                throw new ViolationException(timedOut ? Violation.BODY_TIMEOUT : Violation.BODY_INCOMPLETE);
            }
            if (!continued) {
                continued = true;
                write(ResponseEncoder.CONTINUE, 0, ResponseEncoder.CONTINUE.length);
            }
            fill(http.clock.nanoTime() + http.limits.bodyTimeoutMillis() * NANOS_PER_MILLI);
        }
    }

    /** Takes decoded data from where {@link #decode} has found it. */
    void takeData(byte[] to, int offset, int count) {
        input.get(start, to, offset, count);
        start += count;
    }

    void skipData(int count) {
        start += count;
    }

    /** Whether the client sends the body without being told to. */
    boolean isContinued() {
        return continued;
    }

    long bodyBytesMax() {
        return http.limits.bodyBytesMax();
    }

    void count(Violation violation) {
        counters.count(violation);
    }

    // ------------------------------------------------------------------------------------------- for the request

    @Override
    public RequestBody body() {
        BlockingBody there = body;
        return there != null ? there : NoBody.EMPTY;
    }

    @Override
    public SocketAddress remoteAddress() {
        try {
            SocketAddress address = channel.getRemoteAddress();
            return address == null ? UNKNOWN : address;
        } catch (IOException gone) {
            return UNKNOWN;
        }
    }

    @Override
    public SocketAddress localAddress() {
        try {
            SocketAddress address = channel.getLocalAddress();
            return address == null ? UNKNOWN : address;
        } catch (IOException gone) {
            return UNKNOWN;
        }
    }

    @Override
    public Loop loop() {
        return http.loop();
    }

    @Override
    public long connectionNumber() {
        return number;
    }

    @Override
    public int requestNumber() {
        return requests;
    }

    @Override
    public int headBytes(Response response) {
        Response sent = response.upgrade() == null ? response : Refusal.FAILED;
        BodyFraming framing = BodyFraming.of(sent, parser.isHead(), parser.isHttp10());
        return ResponseEncoder.headBytes(sent, framing, parser.isHttp10(), livesOn(sent, framing), workplace.head);
    }

    @Override
    public boolean isWarmUp() {
        return warmUp;
    }

    /** The one thread that could look is the one that works. */
    @Override
    public boolean noticesGone() {
        return false;
    }

    @Override
    public void onGone(Request asking, Runnable action) {}

    @Override
    public void forgetGone(Request asking, Runnable action) {}

    // ------------------------------------------------------------------------------------------- other threads

    /** The watcher's look at the time. */
    void look(long nowNanos) {
        if (idle && nowNanos - idleSinceNanos > BlockingHttp.CROWDED_IDLE_NANOS && http.isCrowded()) {
            endInput();
        }
        long due = deadlineNanos.get();
        if (due != NONE && due != PASSED && nowNanos - due >= 0 && deadlineNanos.compareAndSet(due, PASSED)) {
            if (writing) {
                abort();
            } else {
                endInput();
            }
        }
    }

    /** Ends it if it waits for a request; what has arrived is answered. */
    void endIfIdle() {
        if (idle) {
            endInput();
        }
    }

    /** Ends it whatever it does. */
    void abort() {
        try {
            channel.close();
        } catch (IOException gone) {
            // Then it has ended already.
        }
    }

    private void endInput() {
        try {
            channel.shutdownInput();
        } catch (IOException gone) {
            // Then the read has ended already.
        }
    }

    // ------------------------------------------------------------------------------------------- parts

    /** Where a streamed body goes. */
    private final class Sink implements BodySink {

        @Override
        public void append(byte[] bytes, int offset, int length) throws IOException {
            write(bytes, offset, length);
        }

        @Override
        public void send(Buffer bytes, int offset, int length) throws IOException {
            write(bytes, offset, length);
        }

        @Override
        public void send(AsyncFile file, long position, long length) throws IOException {
            Buffer piece = Buffer.allocate((int) Math.min(PIECE_BYTES, length));
            long done = 0;
            while (done < length) {
                int count = file.read(position + done, piece, 0, (int) Math.min(piece.capacity(), length - done));
                if (count <= 0) {
                    throw new EOFException(file + " is " + (length - done) + " bytes shorter than it was");
                }
                write(piece, 0, count);
                done += count;
            }
        }

        @Override
        public void flush() throws IOException {
            BlockingConnection.this.flush();
        }
    }

    /** An {@link AsyncHandler}'s way to answer: the connection's thread waits for it. */
    private final class Waiting implements Responder {

        final CompletableFuture<Response> stage = new CompletableFuture<>();

        @Override
        public void respond(Response response) {
            if (!stage.complete(Objects.requireNonNull(response, "response"))) {
                http.lateAnswers.increment(); // on any thread, unlike the other counts
            }
        }

        @Override
        public void fail(Throwable failure) {
            if (!stage.completeExceptionally(Objects.requireNonNull(failure, "failure"))) {
                http.lateAnswers.increment(); // on any thread, unlike the other counts
            }
        }
    }
}
