package dev.pumasi.web;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.http.ClientException;
import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.http.ClientResponse;
import java.io.IOException;

/** The body of an answer on its way through: what is there goes on at once. */
final class Passage implements BodyWriter {

    private final ClientResponse answer;
    private final UpstreamServer server;

    Passage(ClientResponse answer, UpstreamServer server) {
        this.answer = answer;
        this.server = server;
    }

    @Override
    public void writeTo(BodyOutput out) throws IOException {
        byte[] piece = new byte[Proxy.PIECE_BYTES];
        try (answer) {
            for (int count = answer.body().read(piece, 0, piece.length);
                    count >= 0;
                    count = answer.body().read(piece, 0, piece.length)) {
                out.write(piece, 0, count);
                out.flush();
            }
        } catch (ClientException why) {
            if (why.reason() != Reason.CLOSED) { // by us, because our client has gone
                server.failed();
            }
            throw why;
        } finally {
            server.end();
        }
    }

    @Override
    public void discard() {
        server.end();
        answer.close();
    }
}
