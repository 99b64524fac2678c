package dev.pumasi.cli;

import dev.pumasi.http.Endpoint;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.http.QueueHandler;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.server.Application;
import dev.pumasi.server.Setting;
import dev.pumasi.server.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code queue}: a durable queue in a folder, for other processes; {@code pumasi queue serve} in any concurrency model. */
public final class QueueApplication implements Application {

    static final String NAME = "queue";

    private @Nullable OpenQueue open;
    private @Nullable QueueHandler face;

    /** Called by those who look for applications. */
    public QueueApplication() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "the durable queue in the folder that its setting folder names";
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting("folder", "the queue's folder, which is made if it is not there; must be set"),
                new Setting("options", "of the queue: segment=64m&message=1m&pending=16m&company=2ms&damage=refuse"),
                new Setting("path", "what stands before /topics in addresses (default: nothing)"),
                new Setting("token-file", "the file with what everybody must show who asks"));
    }

    @Override
    public Endpoint open(Settings settings) throws IOException, CannotRun {
        String folder = settings.required("folder", "which folder the queue lies in");
        String options = settings.text("options", "");
        String path = settings.text("path", "");
        String token = OpenQueue.token(settings.text("token-file").map(Path::of));
        LoopGroup loops =
                LoopGroup.start("pumasi-queue", 1, Drivers.choose(Drivers.AUTO).factory());
        try {
            Queue queue = Queue.open(loops.next(), "log:" + folder + (options.isEmpty() ? "" : "?" + options));
            open = new OpenQueue(queue, loops);
            QueueHandler made =
                    QueueHandler.builder(queue).path(path).token(token).open();
            face = made;
            return made;
        } catch (IOException | RuntimeException refused) {
            close();
            loops.close();
            throw refused;
        }
    }

    /** Ends the waits of those who consume: a server that is to stop need not wait for them. */
    void stopConsumers() {
        Optional.ofNullable(face).ifPresent(QueueHandler::close);
    }

    @Override
    public void close() throws IOException, CannotRun {
        stopConsumers();
        OpenQueue there = open;
        if (there != null) {
            open = null;
            there.close();
        }
    }
}
