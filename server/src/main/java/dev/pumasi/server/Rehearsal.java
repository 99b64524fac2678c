package dev.pumasi.server;

import dev.pumasi.http.BlockingHttp;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.UnixSignal;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/**
 * Goes the ways of a worker and of a process for a connection within this process, for the run from which an ahead-of-time cache is
 * made: what happens here is loaded and linked when they start.
 */
public final class Rehearsal {

    private static final int ROUNDS = 50;

    private Rehearsal() {}

    /** Serves that application to itself. Blocks for some hundred milliseconds. */
    public static void run(ApplicationChoice choice) throws ApplicationException, IOException, InterruptedException {
        WorkerSettings settings = WorkerSettings.parse(WorkerSettings.of(choice).arguments());
        try (OpenApplication application = settings.application().open()) {
            try (BlockingHttp http =
                    BlockingHttp.open(application.endpoint(), HttpLimits.DEFAULTS, "pumasi", () -> false)) {
                WarmUp.ask(http, ROUNDS);
            }
            try (HttpServer server =
                    HttpServer.builder(application.endpoint()).port(0).loops(1).start()) {
                WarmUp.ask(server, ROUNDS);
                talk(server.on().getFirst());
                server.stopAccepting();
            }
        }
        try {
            SignalListener.openOn(Runnable::run, UnixSignal.HUP, _ -> {}).close();
        } catch (SignalRefusedException ignored) {
            // Under nohup; who serves there is not reloaded by a signal either.
        }
    }

    private static void talk(Loop loop) throws IOException, InterruptedException {
        StreamSocket.Pair pair = StreamSocket.pair(loop);
        CountDownLatch heard = new CountDownLatch(1);
        loop.execute(() -> {
            ControlChannel said = ControlChannel.open(pair.first(), _ -> {}, () -> {});
            ControlChannel.open(pair.second(), _ -> said.close(), heard::countDown);
            said.say(new ControlLine(ControlLine.READY, "1 0"));
        });
        heard.await();
    }
}
