package dev.pumasi.http;

import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;

/** Sends requests: see {@link MessageSender}. */
final class RequestSender extends MessageSender {

    RequestSender(LargeBuffers largeBuffers, StreamSocket socket, Listener listener) {
        super(largeBuffers, socket, listener);
    }

    /** Sends the head; what follows it is the caller's business. */
    void sendHead(ClientRequest request) {
        byte[] head = request.head();
        Buffer room = roomForHead(head.length);
        if (room != null) {
            room.put(position(), head, 0, head.length);
            headEnds(position() + head.length);
        } else {
            feed(head);
        }
    }
}
