package dev.pumasi.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a {@link ClientRequest}: its head, which is complete and stays valid, and its body, which may still be
 * arriving. The head may be read anywhere; the body by one thread at a time.
 *
 * <p>Close it, or read its body to the end, so that its connection can serve others; closing a body half-way may end the
 * connection. One that is left alone holds its connection until {@link ClientLimits#wholeTimeoutMillis}.
 */
public final class ClientResponse implements AutoCloseable {

    private final ClientRequest request;
    private final int status;
    private final boolean http10;
    private final ReceivedFields fields;
    private final ResponseBody body;
    private final @Nullable Tunnel tunnel;

    ClientResponse(
            ClientRequest request,
            int status,
            boolean http10,
            ReceivedFields fields,
            ResponseBody body,
            @Nullable Tunnel tunnel) {
        this.request = request;
        this.status = status;
        this.http10 = http10;
        this.fields = fields;
        this.body = body;
        this.tunnel = tunnel;
    }

    ClientResponse withBody(ResponseBody whole) {
        return new ClientResponse(request, status, http10, fields, whole, tunnel);
    }

    /** From 200 to 599; 101 where an upgrade was asked for and granted. */
    public int status() {
        return status;
    }

    /** Whether the status is 2xx. */
    public boolean isSuccessful() {
        return status / 100 == 2;
    }

    /** What this answers: the last request, if redirects were followed. */
    public ClientRequest request() {
        return request;
    }

    /** {@code HTTP/1.1} or {@code HTTP/1.0}. */
    public String version() {
        return http10 ? "HTTP/1.0" : "HTTP/1.1";
    }

    /** The value of the first field of that name, in whatever case; one character for each byte. */
    public Optional<String> header(String name) {
        int line = fields.find(name, 0);
        return line < 0 ? Optional.empty() : Optional.of(fields.value(line));
    }

    /** The values of all fields of that name, in their order; a value may be a list itself. */
    public List<String> headers(String name) {
        List<String> values = new ArrayList<>(1);
        for (int line = fields.find(name, 0); line >= 0; line = fields.find(name, line + 1)) {
            values.add(fields.value(line));
        }
        return values;
    }

    /** All fields, in their order, with those that concern framing and the connection. */
    public List<Field> fields() {
        List<Field> all = new ArrayList<>(fields.count());
        for (int line = 0; line < fields.count(); line++) {
            all.add(new Field(fields.name(line), fields.value(line)));
        }
        return all;
    }

    /** The body, as it arrives; empty where there is none. */
    public ResponseBody body() {
        return body;
    }

    /**
     * The connection, which is the caller's now.
     *
     * @throws IllegalStateException unless the status is 101
     */
    public Tunnel tunnel() {
        if (tunnel == null) {
            throw new IllegalStateException("the server has not agreed to an upgrade: status " + status);
        }
        return tunnel;
    }

    /** Whoever has it wants no more of its body. A tunnel is not closed by this. Any thread; more than once does nothing. */
    @Override
    public void close() {
        body.close();
    }

    @Override
    public String toString() {
        return "ClientResponse[" + status + " to " + request + "]";
    }
}
