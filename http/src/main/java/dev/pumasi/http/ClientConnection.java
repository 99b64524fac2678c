package dev.pumasi.http;

import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Gate;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One connection of an {@link HttpClient}: a state machine on its loop, driven by what arrives, by what has been sent, by its
 * timer and by who reads the answer. It serves one request at a time and is in its origin's {@link OriginPool} in between.
 *
 * <pre>
 *                    send             head complete             body at its end, request sent
 *   IDLE ──────────────────► ANSWER ────────────────► BODY ─────────────────────────────────────► IDLE
 *    │                        │  ▲ │                   │ │                                          ▲
 *    │ bytes nobody asked for │  └─┘ 1xx               │ └── closed half-way ──► DISCARDING ────────┤
 *    │ end, idle too long     │                        │                          │ too much of it   │
 *    ▼                        ▼ 101                    ▼ must end                 ▼                  │
 *   CLOSED ◄───────────────  TUNNEL                  CLOSED ◄──────────────────────                  │
 *                                        request still being sent, answer complete: SENDING ─────────┘
 * </pre>
 *
 * <p><b>Two directions.</b> The answer may begin before the request has been sent. If its status says that the request is not
 * wanted (300 and above), the rest is not sent and the connection ends with the answer (RFC 9112 section 9.5); else both
 * go on. A failed send alone decides nothing: what the server said before it stopped
 * reading may still be on the way, and if it said nothing, the receiving side finds that out.
 *
 * <p><b>Where the bytes are.</b> A head is parsed where it was received, then its fields are copied, once, and stay with the
 * {@link ClientResponse}. A body whose length is known and which has arrived with the head is copied as well, and the
 * connection goes on to the next request before anybody has looked at the answer. Any other body waits in a queue of at most
 * {@value #WAITING_BYTES_MAX} bytes; beyond it the server is made to wait.
 *
 * <p><b>Limits.</b> One {@link Deadline}, which every phase sets as it needs, never beyond that of the whole exchange.
 *
 * <p>It is long because the machine is in one place, as that of {@link HttpConnection} is: every event in every phase can be
 * read here.
 *
 * <p>Belongs to the loop's thread and to the green threads it carries; readers elsewhere come through a {@link Gate}.
 */
final class ClientConnection implements Receiver, MessageSender.Listener {

    /** What may wait for a reader. */
    static final int WAITING_BYTES_MAX = HttpConnection.WAITING_BYTES_MAX;

    private static final int COLLECTED_AT_ONCE = 16 * 1024;

    private enum Phase {
        IDLE,
        ANSWER,
        BODY,
        DISCARDING,
        SENDING,
        TUNNEL,
        CLOSED
    }

    private final ClientLoop client;
    private final OriginPool pool;
    private final StreamSocket socket;
    private final HttpInput input;
    private final RequestSender sender;
    private final ResponseParser parser;
    private final Deadline deadline;
    private Phase phase = Phase.IDLE;
    private boolean inputEnded;
    private @Nullable OperationException broken;

    // The exchange in progress.
    private @Nullable ClientExchange exchange;
    private @Nullable Gate requestGate;
    private @Nullable Gate answerGate;
    private boolean requestSent;
    private boolean awaitingContinue;
    private boolean answerBegun;
    private boolean keepAlive;
    private boolean untilClose;
    private int interim;
    private @Nullable BodyIntake intake;
    private ResponseBody.@Nullable Arriving body;
    private @Nullable ByteArrayOutputStream collected;
    private @Nullable ClientResponse collecting;

    /** Whose body is being written; it may outlive the exchange. */
    private @Nullable ClientExchange writing;

    private @Nullable Tunnel tunnel;

    ClientConnection(ClientLoop client, OriginPool pool, StreamSocket socket) {
        this.client = client;
        this.pool = pool;
        this.socket = socket;
        input = new HttpInput(socket);
        sender = new RequestSender(client.large, socket, this);
        parser = new ResponseParser(client.codec);
        deadline = new Deadline(client.loop, this::tooLate);
    }

    /** It is connected. */
    void begin() {
        socket.onReceive(this);
    }

    /** Whoever it was made for has got another one. */
    void rest() {
        deadline.set(client.limits.idleTimeoutMillis());
        pool.released(this);
    }

    Loop loop() {
        return client.loop;
    }

    boolean isClosed() {
        return phase == Phase.CLOSED;
    }

    long bodyBytesMax() {
        return client.limits.bodyBytesMax();
    }

    // ------------------------------------------------------------------------------------------- the request

    /** Sends the request of that exchange, which hears of what comes of it. */
    void send(ClientExchange asking) {
        exchange = asking;
        phase = Phase.ANSWER;
        requestSent = false;
        answerBegun = false;
        keepAlive = true;
        untilClose = false;
        interim = 0;
        parser.reset();
        ClientRequest request = asking.request();
        awaitingContinue = request.expectsContinue();
        sender.sendHead(request);
        if (awaitingContinue) {
            limit(client.limits.continueTimeoutMillis());
        } else {
            sendRequestBody(request);
        }
        socket.output().flush();
    }

    private void sendRequestBody(ClientRequest request) {
        awaitingContinue = false;
        BodyWriter writer = request.writer();
        if (writer == null) {
            sender.sendBody(request.bytes(), null);
        } else {
            limitToWhole();
            sender.openStream();
            FramedOutput out = new FramedOutput(
                    new ConnectionSink(sender, gate()), request.framing(), request.streamBytes(), request.trailers());
            ClientExchange current = Objects.requireNonNull(exchange);
            writing = current;
            client.loop.spawnTrusted(() -> write(current, writer, out));
        }
    }

    private void write(ClientExchange current, BodyWriter writer, FramedOutput out) {
        try {
            writer.writeTo(out);
            out.end();
        } catch (Throwable failure) {
            client.loop.run(() -> streamFailed(current, failure));
            return;
        }
        client.loop.run(() -> streamEnded(current));
    }

    @SuppressWarnings("ReferenceEquality") // the very exchange, not one like it
    private void streamEnded(ClientExchange ended) {
        if (writing == ended && sender.isStreaming()) {
            writing = null;
            sender.streamEnded();
            sent();
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very exchange, not one like it
    private void streamFailed(ClientExchange failed, Throwable failure) {
        if (writing != failed || !sender.isStreaming()) {
            return; // the answer came first, or the connection is over: the writer only learnt of it
        }
        writing = null;
        if (socket.output().hasFailed() && Blame.isOfConnection(failure)) {
            broken();
        } else if (exchange == null) { // the answer has been read to its end
            if (!Blame.isOfConnection(failure)) {
                client.loop.report("the body of " + failed.request(), failure);
            }
            close();
        } else {
            fail(ClientException.of(failed.request(), Reason.BODY_FAILED, answerBegun, failure));
        }
    }

    /** All of the request is in the socket's output. */
    @Override
    public void sent() {
        requestSent = true;
        socket.output().flush();
        if (phase == Phase.ANSWER) {
            limit(answerBegun ? client.limits.headTimeoutMillis() : client.limits.firstByteTimeoutMillis());
        } else if (phase == Phase.SENDING) {
            over();
        }
    }

    @Override
    public void broken() {
        sender.streamEnded();
        keepAlive = false;
        if (phase == Phase.SENDING) {
            close();
        } else if (phase == Phase.ANSWER && !answerBegun) {
            limit(client.limits.firstByteTimeoutMillis()); // the receiving side knows more, or will
        }
    }

    @Override
    public void waiting() {
        if (phase == Phase.ANSWER && !answerBegun || phase == Phase.SENDING) {
            limit(client.limits.writeTimeoutMillis());
        }
    }

    @Override
    public void taken() {
        if (phase == Phase.ANSWER && !answerBegun) {
            limitToWhole(); // until the next wait
        }
    }

    @Override
    public Gate gate() {
        Gate known = requestGate;
        if (known == null) {
            known = new Gate(client.loop, "send a request by", socket);
            requestGate = known;
        }
        return known;
    }

    /** No more of the request is sent, and the connection ends with the answer. */
    private void abandonRequest() {
        keepAlive = false;
        awaitingContinue = false;
        sender.stop();
        writing = null;
        if (sender.isStreaming()) {
            sender.streamEnded();
            gate().open();
        }
    }

    // ------------------------------------------------------------------------------------------- what arrives

    @Override
    public void received(Buffer data, int length) {
        switch (phase) {
            case IDLE, SENDING -> unasked();
            case ANSWER -> {
                input.arrived(data, length);
                advance();
                input.endOfDelivery();
            }
            case BODY -> {
                if (collected != null) {
                    input.arrived(data, length);
                    collect();
                    input.endOfDelivery();
                } else {
                    input.append(data, length);
                    if (input.size() >= WAITING_BYTES_MAX) {
                        socket.pause();
                    }
                    answerGate().open();
                }
            }
            case DISCARDING -> {
                input.arrived(data, length);
                skip();
                input.endOfDelivery();
            }
            case TUNNEL -> Objects.requireNonNull(tunnel).received(data, length);
            case CLOSED -> {}
        }
    }

    @Override
    public void ended() {
        inputEnded = true;
        noMore(null);
    }

    @Override
    public void failed(OperationException failure) {
        inputEnded = true;
        broken = failure;
        noMore(failure);
    }

    private void noMore(@Nullable OperationException failure) {
        switch (phase) {
            case IDLE, SENDING, DISCARDING -> close();
            case ANSWER ->
                fail(ClientException.of(
                        Objects.requireNonNull(exchange).request(),
                        answerBegun ? Reason.CLOSED_WITHIN_ANSWER : Reason.CLOSED_BEFORE_ANSWER,
                        answerBegun,
                        failure));
            case BODY -> {
                if (collected != null) {
                    collect();
                } else {
                    answerGate().open();
                }
            }
            case TUNNEL -> {
                if (failure == null) {
                    Objects.requireNonNull(tunnel).ended();
                } else {
                    Objects.requireNonNull(tunnel).failed(failure);
                }
            }
            case CLOSED -> {}
        }
    }

    /** Bytes that nobody asked for may be the answer to a request of somebody else's, and are nobody's. */
    private void unasked() {
        client.counters.violations++;
        close();
    }

    private void advance() {
        while (phase == Phase.ANSWER && !input.isEmpty()) {
            if (!answerBegun) {
                answerBegun = true;
                limit(client.limits.headTimeoutMillis());
            }
            switch (parser.parse(input.buffer(), input.start(), input.end())) {
                case HeadParser.HEAD -> headComplete();
                case HeadParser.VIOLATION -> violated(parser.violation());
                default -> {
                    return;
                }
            }
        }
    }

    private void headComplete() {
        ClientRequest request = Objects.requireNonNull(exchange).request();
        if (parser.isInterim()) {
            interim(request);
        } else if (parser.status() == 101) {
            upgraded(request);
        } else {
            answered(request);
        }
    }

    private void interim(ClientRequest request) {
        if (interim++ == client.limits.interimMax()) {
            violated(Violation.INTERIM_TOO_MANY);
            return;
        }
        int status = parser.status();
        input.consume(parser.headLength());
        parser.reset();
        answerBegun = !input.isEmpty();
        if (status == 100 && awaitingContinue) {
            sendRequestBody(request);
            socket.output().flush();
        } else if (requestSent) {
            limit(client.limits.firstByteTimeoutMillis());
        }
    }

    private void upgraded(ClientRequest request) {
        int line = parser.fields.find("Upgrade", 0);
        String asked = request.upgrade();
        if (asked == null || line < 0 || !parser.fields.value(line).equalsIgnoreCase(asked) || !requestSent) {
            violated(Violation.UPGRADE_UNASKED);
            return;
        }
        ReceivedFields fields = parser.fields.copy(parser.headLength());
        input.consume(parser.headLength());
        deadline.stop();
        Tunnel made = new Tunnel(socket, input, this::tunnelClosed);
        tunnel = made;
        phase = Phase.TUNNEL;
        takeExchange()
                .answered(new ClientResponse(request, 101, parser.isHttp10(), fields, ResponseBody.Held.EMPTY, made));
    }

    private void tunnelClosed() {
        close();
    }

    /** The head of the final answer is complete. */
    private void answered(ClientRequest request) {
        BodyFraming framing = parser.bodyFraming(request.isHead());
        long length = framing == BodyFraming.LENGTH ? parser.contentLength() : -1;
        int status = parser.status();
        boolean http10 = parser.isHttp10();
        ReceivedFields fields = parser.fields.copy(parser.headLength());
        keepAlive = keepAlive && parser.keepsAlive() && framing != BodyFraming.UNTIL_CLOSE;
        input.consume(parser.headLength());
        if (!requestSent && status >= 300) {
            abandonRequest();
        } else if (awaitingContinue) {
            sendRequestBody(request); // it has agreed without having seen it
        }
        if (framing == BodyFraming.NONE || length >= 0 && length <= input.size()) {
            ResponseBody held = ResponseBody.Held.EMPTY;
            if (length > 0) {
                held = new ResponseBody.Held(input.buffer().bytes(input.start(), (int) length), List.of());
                input.consume((int) length);
            }
            ClientExchange done = takeExchange();
            over();
            done.answered(new ClientResponse(request, status, http10, fields, held, null));
            return;
        }
        phase = Phase.BODY;
        BodyDecoder decoder = client.takeDecoder();
        if (framing == BodyFraming.CHUNKED) {
            decoder.beginChunked(Long.MAX_VALUE);
        } else {
            untilClose = framing == BodyFraming.UNTIL_CLOSE;
            decoder.beginFixed(untilClose ? Long.MAX_VALUE : length, Long.MAX_VALUE);
        }
        intake = new BodyIntake(input, socket, decoder, length, true);
        ResponseBody.Arriving arriving = new ResponseBody.Arriving(this, answerGate(), length);
        body = arriving;
        limitToWhole();
        ClientResponse response = new ClientResponse(request, status, http10, fields, arriving, null);
        ClientExchange current = Objects.requireNonNull(exchange);
        if (current.collects()) {
            if (length > client.limits.bodyBytesMax()) {
                violated(Violation.BODY_TOO_LARGE);
                return;
            }
            collecting = response;
            collected = new ByteArrayOutputStream();
            collect();
        } else {
            current.answered(response);
        }
    }

    // ------------------------------------------------------------------------------------------- the body

    private Gate answerGate() {
        Gate known = answerGate;
        if (known == null) {
            known = new Gate(client.loop, "read an answer from", socket);
            answerGate = known;
        }
        return known;
    }

    /** A step of reading the body, on the loop: how many bytes, −1 at its end, or {@link Gate#WOULD_WAIT}. */
    @SuppressWarnings("ReferenceEquality") // the very body, not one like it
    int takeBody(ResponseBody.Arriving asking, byte[] to, int offset, int length) throws IOException {
        if (asking.isReceived()) {
            return -1;
        }
        ClientException failure = asking.failure();
        if (failure != null) {
            throw failure.here();
        }
        if (body != asking) {
            throw new OperationException("read an answer that has been closed", Failure.CLOSED);
        }
        int count;
        try {
            count = step(to, offset, length);
        } catch (ClientException why) {
            fail(why);
            throw why;
        }
        if (count < 0 && count != Gate.WOULD_WAIT
                || count > 0 && Objects.requireNonNull(intake).endIsThere()) {
            asking.ended(Objects.requireNonNull(intake).trailers());
            takeExchange();
            over();
        } else if (count > 0) {
            limitToWhole();
        }
        return count;
    }

    /** As {@link #takeBody}, of whoever wants it. */
    private int step(byte[] to, int offset, int length) throws ClientException {
        int count;
        try {
            count = Objects.requireNonNull(intake).take(to, offset, length);
        } catch (ViolationException wrong) {
            client.counters.violations++;
            throw ClientException.of(request(), wrong.violation());
        }
        if (count != Gate.WOULD_WAIT) {
            return count;
        }
        if (!inputEnded) {
            limit(client.limits.readTimeoutMillis());
            return count;
        }
        if (!untilClose || broken != null) {
            throw ClientException.of(request(), Reason.CLOSED_WITHIN_ANSWER, true, broken);
        }
        return -1;
    }

    /** Takes what has arrived of a body that is wanted as a whole, and hands it over when it is one. */
    private void collect() {
        ByteArrayOutputStream into = Objects.requireNonNull(collected);
        BodyIntake from = Objects.requireNonNull(intake);
        byte[] piece = new byte[Math.clamp(input.size(), 1, COLLECTED_AT_ONCE)];
        try {
            boolean ended = false;
            while (!ended) {
                int count = step(piece, 0, piece.length);
                if (count == Gate.WOULD_WAIT) {
                    return;
                }
                if (count > 0) {
                    into.write(piece, 0, count);
                    if (into.size() > client.limits.bodyBytesMax()) {
                        client.counters.violations++;
                        throw ClientException.of(request(), Violation.BODY_TOO_LARGE);
                    }
                }
                ended = count < 0 || from.endIsThere();
            }
        } catch (ClientException why) {
            fail(why);
            return;
        }
        ClientResponse whole =
                Objects.requireNonNull(collecting).withBody(new ResponseBody.Held(into.toByteArray(), from.trailers()));
        ClientExchange done = takeExchange();
        over();
        done.answered(whole);
    }

    /** Whoever read the answer wants no more of it. */
    @SuppressWarnings("ReferenceEquality") // the very body, not one like it
    void closeBody(ResponseBody.Arriving unwanted) {
        if (body == unwanted) {
            body = null;
            if (untilClose || !keepAlive || !requestSent) {
                close();
            } else {
                phase = Phase.DISCARDING;
                limit(client.limits.readTimeoutMillis());
                socket.resume();
                skip();
            }
            answerGate().open();
        }
    }

    private void skip() {
        BodyIntake rest = Objects.requireNonNull(intake);
        switch (rest.skip()) {
            case ENDED -> {
                takeExchange();
                over();
            }
            case NEEDS_MORE -> {
                if (!rest.isRestBearable()) {
                    close();
                }
            }
            case TOO_LONG, VIOLATED -> close();
        }
    }

    // ------------------------------------------------------------------------------------------- time

    /** So long from now, but not beyond the end of the whole exchange. */
    private void limit(int millis) {
        ClientExchange current = exchange;
        deadline.set(current == null ? millis : (int) Math.min(millis, current.leftMillis()));
    }

    /** No wait of ours is under way: only the whole exchange has its limit. */
    private void limitToWhole() {
        limit(Integer.MAX_VALUE);
    }

    private void tooLate() {
        switch (phase) {
            case IDLE, SENDING, DISCARDING -> close();
            case ANSWER -> {
                ClientExchange current = Objects.requireNonNull(exchange);
                if (awaitingContinue && current.leftMillis() > 0) {
                    sendRequestBody(current.request());
                    socket.output().flush();
                } else {
                    Reason reason = answerBegun
                            ? Reason.HEAD_TIMEOUT
                            : requestSent ? Reason.FIRST_BYTE_TIMEOUT : Reason.WRITE_TIMEOUT;
                    failLate(current, reason);
                }
            }
            case BODY -> failLate(Objects.requireNonNull(exchange), Reason.READ_TIMEOUT);
            case TUNNEL, CLOSED -> {}
        }
    }

    private void failLate(ClientExchange current, Reason otherwise) {
        Reason reason = current.leftMillis() <= 0 ? Reason.WHOLE_TIMEOUT : otherwise;
        fail(ClientException.of(current.request(), reason, answerBegun, null));
    }

    // ------------------------------------------------------------------------------------------- the end

    private ClientRequest request() {
        return Objects.requireNonNull(exchange).request();
    }

    private ClientExchange takeExchange() {
        ClientExchange taken = Objects.requireNonNull(exchange);
        exchange = null;
        taken.leaves();
        return taken;
    }

    private void violated(Violation violation) {
        client.counters.violations++;
        fail(ClientException.of(request(), violation));
    }

    /** The exchange has failed; whoever waits for it, or reads the answer, learns why. */
    private void fail(ClientException why) {
        ResponseBody.Arriving read = collected == null ? body : null;
        ClientExchange failed = takeExchange();
        if (read != null) {
            client.counters.failures++;
            read.failed(why);
        }
        close();
        if (read == null) {
            failed.failed(why);
        }
    }

    /** The answer is complete: on to the next request, if that is possible. */
    private void over() {
        giveIntakeBack();
        if (phase == Phase.CLOSED) {
            return;
        }
        if (!keepAlive || inputEnded) {
            close();
        } else if (!input.isEmpty()) {
            unasked();
        } else if (!requestSent) {
            phase = Phase.SENDING;
            limit(client.limits.writeTimeoutMillis());
        } else {
            phase = Phase.IDLE;
            deadline.set(client.limits.idleTimeoutMillis());
            socket.resume();
            pool.released(this);
        }
    }

    private void giveIntakeBack() {
        BodyIntake done = intake;
        if (done != null) {
            client.giveBack(done.decoder());
        }
        intake = null;
        body = null;
        collected = null;
        collecting = null;
    }

    /** Ends it at once, whatever it is doing; who waits for the exchange must be told by the caller. */
    void close() {
        if (phase == Phase.CLOSED) {
            return;
        }
        boolean tunnelled = phase == Phase.TUNNEL;
        phase = Phase.CLOSED;
        if (exchange != null) {
            takeExchange();
        }
        writing = null;
        deadline.stop();
        sender.stop();
        socket.close();
        if (!tunnelled) {
            input.clear();
        }
        giveIntakeBack();
        if (requestGate != null) {
            requestGate.open();
        }
        if (answerGate != null) {
            answerGate.open();
        }
        pool.ended(this);
    }

    /** The client is being closed. */
    void end() {
        if (phase == Phase.TUNNEL) {
            Objects.requireNonNull(tunnel).abort();
        } else if (exchange != null) {
            fail(ClientException.of(request(), Reason.CLOSED, answerBegun, null));
        } else {
            close();
        }
    }

    @Override
    public String toString() {
        return phase + " " + socket;
    }
}
