package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What workers serve in tests: says who they are, and dies in every way a handler can. */
public final class TrialApplication implements Application {

    /** For those who look for applications. */
    public TrialApplication() {}

    @Override
    public String name() {
        return "trial";
    }

    @Override
    public Endpoint open(Settings settings) throws Exception {
        switch (settings.text("start", "well")) {
            case "refuse" -> throw new IllegalStateException("no database today");
            case "die" -> Runtime.getRuntime().halt(9);
            case "hang" -> Thread.sleep(600_000);
            default -> {}
        }
        boolean broken = settings.text("start", "well").equals("broken");
        String version = settings.text("version", "1");
        String pid = Long.toString(ProcessHandle.current().pid());
        return Router.builder()
                .get("/", _ -> Response.text(broken ? "broken" : "home").withStatus(broken ? 500 : 200))
                .get("/pid", _ -> Response.text(pid))
                .get("/version", _ -> Response.text(version))
                .post("/echo", request -> Response.text(request.body().text()))
                .get(
                        "/slow",
                        request -> { // ?FILE: which is there from then on
                            if (!request.query().isEmpty()) {
                                Files.createFile(Path.of(request.query()));
                            }
                            Thread.sleep(1000);
                            return Response.text(pid);
                        })
                .get("/exit", _ -> {
                    System.exit(7);
                    return Response.text("never");
                })
                .get("/halt", _ -> {
                    Runtime.getRuntime().halt(9);
                    return Response.text("never");
                })
                .get("/recurse", _ -> Response.text("" + recurse(0)))
                .get("/memory", _ -> Response.bytes(MediaType.TEXT, new byte[fill()]))
                .build();
    }

    private static long recurse(long depth) {
        return recurse(depth + 1) + 1;
    }

    private static int fill() {
        List<byte[]> all = new ArrayList<>();
        while (true) {
            all.add(new byte[1 << 20]);
        }
    }
}
