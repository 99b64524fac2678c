package dev.pumasi.http;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Gate;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Output;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.SpanKind;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.SocketOption;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One connection of an {@link HttpServer}: a state machine on its loop, driven by what arrives, by what has been sent, by
 * its timer and by handlers that answer.
 *
 * <pre>
 *            first byte        head complete          answer          all of it written
 *   IDLE ───────────────► HEAD ─────────────► HANDLING ─────► SENDING ─────────────────────┐
 *    ▲                      │ violation                          │                         │
 *    │                      └────────────────────────────────────┘                         │
 *    │                                                                                     │
 *    ├─────────────────────────────────────────────────── DISCARDING ◄── body left unread ─┤
 *    │                                                        │ too much of it             │
 *    └──────────────────────────────────────────── lives on ──┼────────────────────────────┤
 *                                                             ▼                            │
 *                              CLOSED ◄── LINGERING ◄──── CLOSING ◄────── must end ────────┘
 *
 *   HANDLING ── upgrade granted ──► TUNNEL ──► CLOSED
 * </pre>
 *
 * <p><b>Where the bytes are.</b> What arrives is parsed in the loop's shared receive memory, where it lies; a request that
 * comes whole is never copied. A green thread that was started for it runs later in the same turn, and until then the
 * connection holds that memory. If its handler parks, the head, and what follows it, is copied ({@link HttpInput#detach});
 * the {@link Request} does not notice. So shared memory is never held while user code waits.
 *
 * <p><b>Who runs what.</b> A handler that declares itself non-blocking, and every {@link AsyncHandler}, runs inside {@link
 * #advance}. Any other gets a green thread, which then goes on with the requests that have arrived behind this one, so a
 * pipelining client costs one green thread per burst. Where the server says so ({@link HttpServer.Builder#handlersOnLoop}) it
 * runs inside {@link #advance} instead, after its body has been collected. Answers go out in the order of the requests.
 *
 * <p><b>Limits.</b> At most {@value #WAITING_BYTES_MAX} bytes of a body, or of requests behind the current one, wait for a
 * handler; then receiving pauses, and the client's own sending comes to a halt. There is one {@link Deadline}, which
 * every phase sets as it needs.
 *
 * <p>It is long because the machine is in one place: every event in every phase can be read here. What has no phase of its
 * own lies in {@link HttpInput}, {@link BodyIntake}, {@link ResponseSender} and {@link Deadline}.
 *
 * <p>Belongs to the loop's thread and to the green threads it carries. A handler that runs elsewhere (the JDK's default
 * scheduler) gets its request detached, and every step of its body and its answer is posted to the loop.
 */
final class HttpConnection implements Receiver, Exchange, ResponseSender.Listener {

    /** What may wait behind the request that is being handled. */
    static final int WAITING_BYTES_MAX = 16 * 1024;

    /** What is read and thrown away so that the connection can live on, or the answer be read; beyond it, it is closed. */
    static final int DISCARDED_BYTES_MAX = 256 * 1024;

    /** How long a client may take to close its end after the last answer. */
    private static final int LINGER_MILLIS = 2_000;

    private static final SocketAddress UNKNOWN = InetSocketAddress.createUnresolved("unknown", 0);

    private static final SpanKind REQUEST = SpanKind.of("request");

    private enum Phase {
        IDLE,
        HEAD,
        HANDLING,
        SENDING,
        DISCARDING,
        CLOSING,
        LINGERING,
        TUNNEL,
        CLOSED
    }

    /** In the loop's list of connections. */
    @Nullable
    HttpConnection previous;

    @Nullable
    HttpConnection next;

    private final HttpLoop http;
    private final StreamSocket socket;
    private final HttpInput input;
    private final ResponseSender sender;
    private final Deadline deadline;
    private final boolean warmUp;
    private final long number = HttpCounters.CONNECTION_NUMBERS.incrementAndGet();
    private Phase phase = Phase.IDLE;
    private int requests;
    private boolean inputEnded;
    private boolean lingers;

    /** Once somebody has asked. Handlers elsewhere may ask at the same time, and get the same. */
    private volatile @Nullable SocketAddress remote;

    private volatile @Nullable SocketAddress local;

    /** Set while {@link #advance} runs, which goes on by itself when an answer was complete at once. */
    private boolean advancing;

    /** Set while this connection's own green thread hands over an answer. */
    private boolean inGreen;

    // The request that is being handled, or whose head is arriving.
    private @Nullable RequestParser parser;
    private @Nullable Request request;
    private @Nullable BodyIntake intake;
    private @Nullable Gate gate;

    /** Where the writer of the answer waits: the request's body may still be read meanwhile. */
    private @Nullable Gate answerGate;

    private boolean bodyTimedOut;

    /** Whether its handler runs on the loop's own thread, and so may not wait for it. */
    private boolean handlerOnLoop;

    /** For such a handler: what takes the body in, and then the body. */
    private @Nullable BodyCollector collector;

    private BodyCollector.@Nullable Collected collected;
    private boolean keepAlive;

    /** The request's number in a recording of the loop; 0 if nobody records. */
    private long span;

    /** What came after the last answer. */
    private int discarded;

    /** Once somebody wants to know whether the client of the current request has gone. */
    private @Nullable Departure departure;

    /** Where the connection has left HTTP. */
    private @Nullable Tunnel tunnel;

    /** @param warmUp whether its client is the server itself */
    HttpConnection(HttpLoop http, StreamSocket socket, boolean warmUp) {
        this.warmUp = warmUp;
        this.http = http;
        this.socket = socket;
        input = new HttpInput(socket);
        sender = new ResponseSender(http, socket, this);
        deadline = new Deadline(http.loop, this::tooLate);
    }

    /** @param refused whether it is one too many */
    void begin(boolean refused) {
        deadline.set(http.limits.headTimeoutMillis());
        socket.onReceive(this);
        if (refused) {
            http.counters.refused++;
            refuse(Refusal.OVERLOADED);
        }
    }

    // ------------------------------------------------------------------------------------------- what arrives

    @Override
    public void received(Buffer data, int length) {
        switch (phase) {
            case IDLE, HEAD -> {
                input.arrived(data, length);
                advanceAndRun();
                input.endOfDelivery();
            }
            case HANDLING, SENDING -> {
                input.detach();
                input.append(data, length);
                if (input.size() >= WAITING_BYTES_MAX) {
                    socket.pause();
                }
                openGate();
            }
            case DISCARDING -> {
                input.arrived(data, length);
                skipBody();
                advanceAndRun();
                input.endOfDelivery();
            }
            case TUNNEL -> Objects.requireNonNull(tunnel).received(data, length);
            case CLOSING, LINGERING -> {
                discarded += length;
                if (discarded > DISCARDED_BYTES_MAX) {
                    close();
                }
            }
            case CLOSED -> {}
        }
    }

    @Override
    public void ended() {
        inputEnded = true;
        switch (phase) {
            case IDLE -> closeAfterOutput(false);
            case HEAD -> {
                http.counters.broken++;
                violated(Violation.HEAD_INCOMPLETE);
            }
            case DISCARDING -> {
                http.counters.broken++;
                closeAfterOutput(false);
            }
            case HANDLING -> { // a client may end its side and still read the answer, or be gone: see Departure
                awaitLateAnswer();
                openGate();
            }
            case SENDING -> openGate();
            case LINGERING -> close();
            case TUNNEL -> Objects.requireNonNull(tunnel).ended();
            case CLOSING, CLOSED -> {}
        }
    }

    @Override
    public void failed(OperationException failure) {
        if (phase != Phase.IDLE && phase != Phase.LINGERING) {
            http.counters.broken++;
        }
        inputEnded = true;
        if (phase == Phase.TUNNEL) {
            Objects.requireNonNull(tunnel).failed(failure); // who uses it closes it
        } else {
            close();
        }
    }

    // ------------------------------------------------------------------------------------------- requests

    private void advanceAndRun() {
        Handler green = advance();
        if (green != null) {
            runInGreen(green);
        }
    }

    /**
     * Parses and answers what has arrived, until there is no complete request left or one needs time.
     *
     * @return the handler of the current request if it must run on a green thread
     */
    private @Nullable Handler advance() {
        advancing = true;
        Handler green = null;
        boolean complete = true;
        while (complete && green == null && (phase == Phase.IDLE || phase == Phase.HEAD) && !input.isEmpty()) {
            RequestParser head = parser;
            if (head == null) {
                head = http.takeParser();
                parser = head;
            }
            switch (head.parse(input.buffer(), input.start(), input.end())) {
                case RequestParser.HEAD -> green = dispatch(head);
                case RequestParser.VIOLATION -> violated(head.violation());
                default -> {
                    complete = false;
                    if (inputEnded) {
                        endedWithin(head);
                        break;
                    }
                    socket.resume(); // however much there is, more is needed
                    if (phase == Phase.IDLE && head.hasBegun()) {
                        phase = Phase.HEAD;
                        deadline.set(http.limits.headTimeoutMillis());
                    }
                }
            }
        }
        advancing = false;
        if (green == null && phase != Phase.CLOSED) {
            socket.output().flush();
        }
        return green;
    }

    /** No more will come, and what there is, is no request. */
    private void endedWithin(RequestParser head) {
        if (head.hasBegun()) {
            http.counters.broken++;
            violated(Violation.HEAD_INCOMPLETE);
        } else {
            closeAfterOutput(false);
        }
    }

    /** The head is complete: finds who answers it, and lets it answer if that takes no green thread. */
    private @Nullable Handler dispatch(RequestParser head) {
        phase = Phase.HANDLING;
        deadline.clear();
        http.counters.requests++;
        requests++;
        span = http.loop.beginSpan(REQUEST);
        keepAlive = head.keepsAlive() && requests < http.limits.requestsPerConnectionMax();
        Request current = new Request(head, this);
        request = current;
        input.beginRequest(head);
        if (head.contentLength() != 0 && !beginBody(head)) {
            return null;
        }
        try {
            Endpoint endpoint = http.endpoint.select(current);
            // Not a pattern switch: over interfaces it costs a fifth of the whole request.
            if (endpoint instanceof Handler handler) {
                if (!handler.isNonBlocking()) {
                    if (http.service == null) {
                        return handler;
                    }
                    handlerOnLoop = true;
                    if (intake != null) {
                        collectBody(handler, current, head.contentLength());
                        return null;
                    }
                }
                answer(handler.handle(current));
            } else {
                input.detach(); // before: another thread may look at the request at once, and must not see it move
                call((AsyncHandler) endpoint, current);
            }
        } catch (Throwable failure) {
            answerFailure(current, failure);
        }
        return null;
    }

    @SuppressWarnings("ReferenceEquality") // the very request, not one like it
    private void call(AsyncHandler handler, Request current) {
        try {
            handler.handle(current, new Answer(current));
        } catch (Throwable failure) {
            if (request == current && phase == Phase.HANDLING) {
                answerFailure(current, failure);
            } else {
                http.counters.handlerFailures++;
                http.loop.report("a handler that had answered", failure);
            }
        }
    }

    private void collectBody(Handler handler, Request current, long length) {
        if (length > BodyCollector.COLLECTED_BYTES_MAX) {
            violated(Violation.BODY_TOO_LARGE);
            return;
        }
        input.detach();
        BodyCollector collects = new BodyCollector(this, bodyGate(), length, body -> {
            collected = body;
            try {
                answerLater(current, handler.handle(current));
            } catch (Throwable failure) {
                failLater(current, failure);
            }
        });
        if (!collects.advance()) {
            collector = collects;
        }
    }

    /** Posted, not called: who opens the gate is in the middle of something. */
    private void collectMore() {
        BodyCollector collects = collector;
        if (collects != null) {
            collector = null;
            http.loop.execute(() -> {
                if (!collects.advance()) {
                    collector = collects;
                }
            });
        }
    }

    private boolean beginBody(RequestParser head) {
        if (head.contentLength() > http.limits.bodyBytesMax()) {
            violated(Violation.BODY_TOO_LARGE);
            return false;
        }
        BodyDecoder body = http.takeDecoder();
        body.begin(head, http.limits.bodyBytesMax());
        intake = new BodyIntake(input, socket, body, head);
        bodyTimedOut = false;
        return true;
    }

    private void runInGreen(Handler handler) {
        if (Loop.greenThreadsRunOnLoop()) {
            input.hold();
            http.loop.spawnTrusted(() -> handleInGreen(handler));
            http.loop.execute(input); // after the green thread has run for the first time
        } else {
            input.detach();
            socket.output().flush(); // the answers so far should not wait for this one
            http.loop.spawnTrusted(() -> handleElsewhere(handler));
        }
    }

    /** The body of a green thread: this request, and those that have arrived behind it. */
    private void handleInGreen(Handler first) {
        Handler handler = first;
        while (handler != null) {
            Request current = Objects.requireNonNull(request);
            try {
                Response response = handler.handle(current);
                inGreen = true;
                answer(response);
            } catch (Throwable failure) {
                inGreen = true;
                answerFailure(current, failure);
            }
            inGreen = false;
            handler = advance();
            if (handler != null && input.isDetached()) {
                socket.output().flush(); // it may park, and the answers so far should not wait for it
            }
        }
        input.endOfDelivery();
        input.detach();
    }

    /** The same where green threads do not run on their loop. */
    private void handleElsewhere(Handler handler) {
        Request current = Objects.requireNonNull(request);
        try {
            Response response = handler.handle(current);
            http.loop.execute(() -> answerLater(current, response));
        } catch (Throwable failure) {
            http.loop.execute(() -> failLater(current, failure));
        }
    }

    /** An answer that comes from outside {@link #advance}. */
    @SuppressWarnings("ReferenceEquality") // the very request, not one like it
    private void answerLater(Request answered, Response response) {
        if (request != answered || phase != Phase.HANDLING && phase != Phase.CLOSED) {
            http.counters.lateAnswers++;
            discard(response);
            return;
        }
        try {
            answer(response);
        } catch (Throwable failure) {
            answerFailure(answered, failure);
        }
        if (!advancing) {
            advanceAndRun();
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very request, not one like it
    private void failLater(Request answered, Throwable failure) {
        if (request == answered && phase == Phase.SENDING) {
            http.counters.lateAnswers++;
            return;
        }
        answerFailure(answered, failure);
        if (!advancing) {
            advanceAndRun();
        }
    }

    // ------------------------------------------------------------------------------------------- answers

    /** Begins to send the answer to the current request. */
    private void answer(Response response) {
        if (phase == Phase.CLOSED) {
            releaseRequest();
            discard(response);
            return;
        }
        RequestParser head = Objects.requireNonNull(parser);
        boolean http10 = head.isHttp10();
        if (response.upgrade() != null) {
            upgrade(response, response.upgrade());
            return;
        }
        BodyFraming framing = BodyFraming.of(response, head.isHead(), http10);
        keepAlive = livesOn(response, framing);
        phase = Phase.SENDING;
        if (inputEnded && departure != null) {
            deadline.set(http.limits.writeTimeoutMillis()); // and no more questions
        }
        BodyWriter writer = response.writer();
        if (writer == null || framing == BodyFraming.NONE) {
            discard(response);
            sender.send(response, framing, http10, keepAlive);
        } else {
            sender.beginStream(response, framing, http10, keepAlive);
            stream(writer, new FramedOutput(new ConnectionSink(sender, gate()), framing, response));
        }
    }

    private boolean livesOn(Response response, BodyFraming framing) {
        return ResponseEncoder.keepsAlive(
                response,
                framing,
                keepAlive
                        && !http.isDraining()
                        && !(inputEnded && input.isEmpty())
                        && (intake == null || intake.isRestBearable()));
    }

    /** Leaves HTTP (RFC 9110 section 7.8), if the client has asked for it and its request is over. */
    private void upgrade(Response response, Upgrade to) {
        Request asking = Objects.requireNonNull(request);
        if (!to.isAskedFor(asking) || intake != null && !intake.isRead()) {
            discard(response);
            throw new IllegalStateException("cannot upgrade to " + to.protocol() + ": the client has not asked for it");
        }
        phase = Phase.SENDING;
        byte[] head = to.head(response);
        sender.feed(head);
        releaseRequest();
        phase = Phase.TUNNEL;
        deadline.stop();
        Tunnel made = new Tunnel(socket, input, this::close);
        tunnel = made;
        input.detach();
        sender.sendBody(MessageSender.NO_BYTES, null);
        socket.output().flush();
        socket.resume();
        http.loop.spawn(() -> {
            try (made) {
                to.user().use(made);
            } catch (IOException ended) {
                http.counters.broken++;
            }
        });
    }

    /** Its body will not be written. */
    private void discard(Response response) {
        BodyWriter writer = response.writer();
        Upgrade upgrade = response.upgrade();
        if (writer != null || upgrade != null) {
            try {
                if (writer != null) {
                    writer.discard();
                }
                if (upgrade != null) {
                    upgrade.user().discard();
                }
            } catch (RuntimeException failure) {
                http.loop.report("giving back an answer's body", failure);
            }
        }
    }

    private void refuse(Response response) {
        keepAlive = false;
        lingers = true;
        phase = Phase.SENDING;
        sender.send(response, BodyFraming.LENGTH, false, false);
    }

    private void violated(Violation violation) {
        http.counters.count(violation);
        refuse(violation.response());
    }

    @SuppressWarnings("ReferenceEquality") // the very request, not one like it
    private void answerFailure(Request failed, Throwable failure) {
        if (request != failed) {
            http.counters.lateAnswers++;
        } else if (phase == Phase.CLOSED) {
            if (!Blame.isOfConnection(failure)) {
                http.counters.handlerFailures++;
                http.loop.report("the handler of " + failed.method() + " " + failed.target(), failure);
            }
            releaseRequest();
        } else if (phase != Phase.HANDLING) {
            // The head of the answer is out: all that can be said to the client is that it ends here.
            http.counters.handlerFailures++;
            http.loop.report("the answer to " + failed.method() + " " + failed.target(), failure);
            close();
        } else {
            Violation violation = Blame.violationIn(failure);
            if (violation != null) {
                http.counters.count(violation);
                keepAlive = false;
                lingers = true;
                answer(violation.response());
            } else {
                http.counters.handlerFailures++;
                http.loop.report("the handler of " + failed.method() + " " + failed.target(), failure);
                answer(Refusal.FAILED);
            }
        }
    }

    /** The response is in the socket's output: the connection is ready for the next request, or for its end. */
    @Override
    public void sent() {
        if (phase == Phase.TUNNEL) {
            return;
        }
        deadline.clear();
        BodyIntake body = intake;
        boolean bodyRead = body == null || body.isRead();
        if (!keepAlive) {
            closeAfterOutput(lingers || !bodyRead || !input.isEmpty() || clientMayGoOn());
        } else if (bodyRead) {
            nextRequest();
        } else {
            phase = Phase.DISCARDING;
            deadline.set(http.limits.bodyTimeoutMillis());
            socket.resume();
            skipBody();
        }
        if (!advancing && !inGreen) {
            advanceAndRun();
        }
    }

    /** Whether the end of the connection is our wish and not the client's, which may be sending its next request. */
    private boolean clientMayGoOn() {
        RequestParser head = parser;
        return head != null && head.keepsAlive();
    }

    @Override
    public void broken() {
        http.counters.broken++;
        close();
    }

    @Override
    public void waiting() {
        deadline.set(http.limits.writeTimeoutMillis());
    }

    @Override
    public void taken() {
        deadline.clear();
    }

    private void nextRequest() {
        releaseRequest();
        phase = Phase.IDLE;
        if ((inputEnded || http.endsIdle()) && input.isEmpty()) {
            closeAfterOutput(false);
        } else {
            deadline.set(http.limits.idleTimeoutMillis());
            if (input.size() < WAITING_BYTES_MAX / 2) {
                socket.resume(); // else when what has arrived is used up
            }
        }
    }

    private void releaseRequest() {
        if (span != 0) {
            http.loop.endSpan(REQUEST, span);
            span = 0;
        }
        if (request != null) {
            request.retire();
            request = null;
        }
        if (parser != null) {
            http.giveBack(parser);
            parser = null;
        }
        if (intake != null) {
            http.giveBack(intake.decoder());
            intake = null;
        }
        handlerOnLoop = false;
        departure = null;
        collector = null;
        if (collected != null) {
            collected.retire();
            collected = null;
        }
        if (gate != null) {
            Gate forgotten = gate;
            gate = null;
            forgotten.open(); // who still reads the body, on a thread of its own, learns that it is gone
        }
        input.endRequest();
        if (phase == Phase.CLOSED) {
            input.clear();
        }
    }

    // ------------------------------------------------------------------------------------------- streamed answers

    private void stream(BodyWriter writer, FramedOutput body) {
        Request current = Objects.requireNonNull(request);
        if (inGreen) {
            inGreen = false; // it may park, and others act for this connection meanwhile
            write(current, writer, body);
            inGreen = true;
        } else {
            input.detach();
            http.loop.spawn(() -> write(current, writer, body));
        }
    }

    private void write(Request current, BodyWriter writer, FramedOutput body) {
        try {
            writer.writeTo(body);
            body.end();
        } catch (Throwable failure) {
            http.loop.run(() -> streamFailed(current, failure, body));
            return;
        }
        http.loop.run(this::streamEnded);
    }

    private void streamEnded() {
        sender.streamEnded();
        if (phase == Phase.CLOSED) {
            releaseRequest();
        } else {
            sent();
        }
    }

    private void streamFailed(Request current, Throwable failure, FramedOutput body) {
        boolean clientIsGone = phase == Phase.CLOSED || socket.output().hasFailed();
        if (!clientIsGone || !Blame.isOfConnection(failure)) {
            http.counters.handlerFailures++;
            http.loop.report("the body of the answer to " + current.method() + " " + current.target(), failure);
        }
        sender.streamEnded();
        if (body.endsWithConnection()) {
            resetOnClose();
        }
        close();
        releaseRequest();
    }

    /** A body that ends with the connection would seem complete if that ended in good order. */
    private void resetOnClose() {
        try {
            socket.setOption(SocketOption.LINGER, 0);
        } catch (OperationException closed) {
            // Then it has ended already.
        }
    }

    // ------------------------------------------------------------------------------------------- bodies of requests

    @Override
    public RequestBody body() {
        RequestBody there = collected;
        return there != null
                ? there
                : new ConnectionBody(
                        this, bodyGate(), Objects.requireNonNull(parser).contentLength());
    }

    @Override
    public SocketAddress remoteAddress() {
        SocketAddress known = remote;
        if (known == null) {
            try {
                known = socket.remoteAddress();
            } catch (IOException gone) {
                return UNKNOWN;
            }
            remote = known;
        }
        return known;
    }

    @Override
    public SocketAddress localAddress() {
        SocketAddress known = local;
        if (known == null) {
            try {
                known = socket.localAddress();
            } catch (IOException gone) {
                return UNKNOWN;
            }
            local = known;
        }
        return known;
    }

    @Override
    public Loop loop() {
        ServiceLoop service = http.service;
        return handlerOnLoop && service != null ? service.loop() : http.loop;
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
        RequestParser head = parser;
        Upgrade upgrade = response.upgrade();
        if (head == null) {
            return 0;
        }
        if (upgrade != null) {
            return upgrade.head(response).length;
        }
        BodyFraming framing = BodyFraming.of(response, head.isHead(), head.isHttp10());
        return ResponseEncoder.headBytes(response, framing, head.isHttp10(), livesOn(response, framing), http.head);
    }

    @Override
    public boolean isWarmUp() {
        return warmUp;
    }

    @Override
    public Gate gate() {
        Gate known = answerGate;
        if (known == null) {
            known = new Gate(http.loop, "answer the client of", socket);
            answerGate = known;
        }
        return known;
    }

    private Gate bodyGate() {
        Gate known = gate;
        if (known == null) {
            known = new Gate(http.loop, "wait for the client of", socket);
            gate = known;
        }
        return known;
    }

    long bodyBytesMax() {
        return http.limits.bodyBytesMax();
    }

    List<Field> trailers(Gate asking) {
        checkIsCurrent(asking);
        return intake == null ? List.of() : intake.trailers();
    }

    /** A step of reading the body, on the loop: how many bytes, −1 at its end, or {@link Gate#WOULD_WAIT}. */
    int takeBody(Gate asking, byte[] to, int offset, int length) throws IOException {
        checkIsCurrent(asking);
        BodyIntake body = intake;
        if (body == null) {
            return -1;
        }
        int count = body.take(to, offset, length);
        if (count == Gate.WOULD_WAIT) {
            waitForBody(body);
        } else if (!inputEnded || phase != Phase.HANDLING) {
            deadline.clear();
        }
        return count;
    }

    /** Each request that has a body has a gate of its own, and it is forgotten with the request. */
    @SuppressWarnings("ReferenceEquality") // the very gate, not one like it
    private void checkIsCurrent(Gate asking) {
        if (gate != asking) {
            throw new IllegalStateException("this request has been answered, and its body is gone");
        }
    }

    /** More must arrive, if it still can and may. */
    private void waitForBody(BodyIntake body) throws IOException {
        if (phase == Phase.CLOSED && !inputEnded) {
            throw new OperationException("read a body from " + socket, Failure.CLOSED);
        }
        if (inputEnded) {
            throw new ViolationException(Violation.BODY_INCOMPLETE);
        }
        if (bodyTimedOut) {
            throw new ViolationException(Violation.BODY_TIMEOUT);
        }
        if (phase == Phase.HANDLING) { // else the answer has begun, and in the midst of it there is no other
            body.sendContinue(this::openGate); // the reader then comes here again
        }
        deadline.set(http.limits.bodyTimeoutMillis());
    }

    /** Skips the rest of a body that nobody wants. */
    private void skipBody() {
        BodyIntake body = Objects.requireNonNull(intake);
        switch (body.skip()) {
            case ENDED -> nextRequest();
            case TOO_LONG -> closeAfterOutput(true);
            case VIOLATED -> {
                http.counters.count(body.violation());
                closeAfterOutput(true);
            }
            case NEEDS_MORE -> {
                if (inputEnded) {
                    http.counters.broken++;
                    closeAfterOutput(false);
                }
            }
        }
    }

    private void openGate() {
        if (gate != null) {
            gate.open();
        }
        collectMore();
    }

    // ------------------------------------------------------------------------------------------- clients that go

    @Override
    public boolean noticesGone() {
        return !handlerOnLoop && (Thread.currentThread().isVirtual() || !http.loop.isCurrent());
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very request, not one like it
    public void onGone(Request asking, Runnable action) {
        http.loop.run(() -> {
            if (request != asking) {
                return; // it has been answered
            }
            if (phase == Phase.CLOSED) {
                Departure.run(http.loop, action);
                return;
            }
            Departure known = departure;
            if (known == null) {
                known = new Departure();
                departure = known;
                if (inputEnded && phase == Phase.HANDLING) {
                    known.add(action);
                    awaitLateAnswer();
                    return;
                }
            }
            known.add(action);
        });
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very request, not one like it
    public void forgetGone(Request asking, Runnable action) {
        http.loop.run(() -> {
            if (request == asking && departure != null) {
                departure.remove(action);
            }
        });
    }

    /** The client has ended its side, and its answer is not there yet. */
    private void awaitLateAnswer() {
        int millis = http.limits.writeTimeoutMillis();
        Departure wanted = departure;
        if (wanted != null && !Objects.requireNonNull(parser).isHttp10()) { // which knows no interim answers
            millis = wanted.nextMillis(millis);
        }
        deadline.set(millis);
    }

    private void askWhetherGone() {
        Departure wanted = departure;
        int millis = wanted == null || Objects.requireNonNull(parser).isHttp10()
                ? 0
                : wanted.nextMillis(http.limits.writeTimeoutMillis());
        if (millis == 0) {
            broken();
            return;
        }
        deadline.set(millis);
        Output output = socket.output();
        if (output.room() >= Departure.QUESTION.length) {
            output.append(Departure.QUESTION, 0, Departure.QUESTION.length);
            output.whenDrained(() -> {
                if (phase == Phase.HANDLING && output.hasFailed()) {
                    broken();
                }
            });
            output.flush();
        } else if (output.hasFailed()) {
            broken();
        }
    }

    // ------------------------------------------------------------------------------------------- time

    private void tooLate() {
        switch (phase) {
            case IDLE -> {
                http.counters.idleTimeouts++;
                closeAfterOutput(false);
            }
            case HEAD -> violated(Violation.HEAD_TIMEOUT);
            case HANDLING -> {
                if (inputEnded) {
                    askWhetherGone();
                } else {
                    bodyTimedOut = true;
                    openGate();
                }
            }
            case DISCARDING -> {
                http.counters.count(Violation.BODY_TIMEOUT);
                closeAfterOutput(true);
            }
            case SENDING, CLOSING -> {
                http.counters.writeTimeouts++;
                close();
            }
            case LINGERING -> close();
            case TUNNEL, CLOSED -> {}
        }
    }

    // ------------------------------------------------------------------------------------------- the end

    /** The server is being stopped: without a request it ends now, else after the answer. */
    void drain() {
        if (phase == Phase.IDLE) {
            closeAfterOutput(false);
        }
    }

    /** Sends what is written, then closes. */
    private void closeAfterOutput(boolean unread) {
        if (phase == Phase.CLOSED || phase == Phase.CLOSING) {
            return;
        }
        phase = Phase.CLOSING;
        lingers = unread && !inputEnded;
        if (intake == null) {
            input.drop(); // there is no body to read, and a client may take its time over the answer
        }
        deadline.set(http.limits.writeTimeoutMillis());
        Output output = socket.output();
        output.flush();
        if (output.isDrained()) {
            outputDrained();
        } else {
            output.whenDrained(this::outputDrained);
        }
    }

    /** To close with bytes unread would reset the connection, and the client might lose the answer. */
    private void outputDrained() {
        if (phase != Phase.CLOSING) {
            return;
        }
        if (!lingers || inputEnded || socket.output().hasFailed()) {
            close();
            return;
        }
        socket.shutdownOutput();
        phase = Phase.LINGERING;
        discarded = 0;
        socket.resume();
        deadline.set(LINGER_MILLIS);
    }

    /** Ends it at once, whatever it is doing. */
    void close() {
        if (phase == Phase.CLOSED) {
            return;
        }
        boolean inUse = phase == Phase.HANDLING || sender.isStreaming();
        boolean tunnelled = phase == Phase.TUNNEL;
        phase = Phase.CLOSED;
        if (tunnelled) {
            Objects.requireNonNull(tunnel).abort(); // which does nothing if that is where we come from
        }
        deadline.stop();
        sender.stop();
        socket.close();
        openGate();
        if (answerGate != null) {
            answerGate.open();
        }
        if (!inUse) {
            releaseRequest(); // else whoever answers does it
        } else if (departure != null) {
            departure.tell(http.loop);
        }
        http.ended(this);
    }

    /** An {@link AsyncHandler}'s way to answer. */
    private final class Answer implements Responder {

        private final Request answered;

        Answer(Request answered) {
            this.answered = answered;
        }

        @Override
        public void respond(Response response) {
            Objects.requireNonNull(response, "response");
            http.loop.run(() -> answerLater(answered, response));
        }

        @Override
        public void fail(Throwable failure) {
            Objects.requireNonNull(failure, "failure");
            http.loop.run(() -> failLater(answered, failure));
        }
    }
}
