package dev.pumasi.it;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.server.Application;
import dev.pumasi.server.Settings;

/** What is served while servers are restarted: answers of which every byte is known, and echoes. Each says which process made it. */
public final class RestartsApplication implements Application {

    static final String WORKER_FIELD = "Worker";

    /** For those who look for applications. */
    public RestartsApplication() {}

    @Override
    public String name() {
        return "restarts";
    }

    @Override
    public Endpoint open(Settings settings) {
        String pid = Long.toString(ProcessHandle.current().pid());
        return Router.builder()
                .get("/", _ -> Response.text("home\n"))
                .get("/bytes/{seed}/{count}", request -> {
                    int seed = Integer.parseInt(request.pathParameter("seed"));
                    int count = Integer.parseInt(request.pathParameter("count"));
                    return Response.bytes(MediaType.OCTETS, bytes(seed, count)).withHeader(WORKER_FIELD, pid);
                })
                .post(
                        "/echo",
                        request -> Response.bytes(
                                        MediaType.OCTETS, request.body().bytes())
                                .withHeader(WORKER_FIELD, pid))
                .build();
    }

    /** Always the same for the same seed. */
    static byte[] bytes(int seed, int count) {
        byte[] bytes = new byte[count];
        int state = seed;
        for (int i = 0; i < count; i++) {
            state = state * 1_103_515_245 + 12_345;
            bytes[i] = (byte) (state >>> 16);
        }
        return bytes;
    }
}
