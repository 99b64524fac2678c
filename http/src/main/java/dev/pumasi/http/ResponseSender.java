package dev.pumasi.http;

import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;

/** Sends responses: see {@link MessageSender}. */
final class ResponseSender extends MessageSender {

    private final HttpLoop http;

    ResponseSender(HttpLoop http, StreamSocket socket, Listener listener) {
        super(http.large, socket, listener);
        this.http = http;
    }

    /** Sends a response whose body is bytes, or that has none. */
    void send(Response response, BodyFraming framing, boolean http10, boolean keepAlive) {
        writeHead(response, framing, http10, keepAlive);
        boolean none = framing == BodyFraming.NONE;
        sendBody(none ? NO_BYTES : response.bodyBytes(), none ? null : response.bodyBuffer());
    }

    /** Sends the head of a response whose body a writer will write; {@link #streamEnded} ends it. */
    void beginStream(Response response, BodyFraming framing, boolean http10, boolean keepAlive) {
        writeHead(response, framing, http10, keepAlive);
        openStream();
    }

    private void writeHead(Response response, BodyFraming framing, boolean http10, boolean keepAlive) {
        http.head.tick(http.loop.wallMillis());
        int most = ResponseEncoder.headBytesMax(response, http.head);
        Buffer room = roomForHead(most);
        if (room != null) {
            headEnds(ResponseEncoder.head(
                    response, framing, http10, keepAlive, http.head, room, position(), room.capacity()));
            return;
        }
        Buffer own = Buffer.allocate(most);
        feed(own.bytes(0, ResponseEncoder.head(response, framing, http10, keepAlive, http.head, own, 0, most)));
    }
}
