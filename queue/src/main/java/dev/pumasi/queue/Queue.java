package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.util.List;
import java.util.ServiceLoader;
import java.util.TreeSet;

/**
 * Durable messages between parts of a system that need not run at the same time. Who has something to tell publishes it and
 * goes on; who must know of it consumes it when he can. If he is slow, or dead, messages wait, and nobody else does.
 *
 * <pre>{@code
 * try (Queue queue = Queue.open(loop, "log:/var/lib/shop")) {
 *     Topic orders = queue.topic("orders");
 *     orders.publisher().publish(Message.of("order-17", json));      // returns when it is durable
 *
 *     Consumer mail = orders.consumer("mail");
 *     mail.handle(loop, 8, delivery -> send(delivery.message()));    // to return is to acknowledge
 * }
 * }</pre>
 *
 * <p><b>Words.</b> A {@link Topic} is a sequence of messages. A {@link Publisher} appends to it. A <em>group</em> reads it at
 * its own pace, and its members ({@link Consumer}) share the work: each message is <em>delivered</em> to one of them, who
 * acknowledges or rejects it. A rejected one comes again, later and later, and in the end goes to the <em>dead letters</em>:
 * another topic, where somebody looks at it.
 *
 * <p><b>What is promised.</b> A message whose publication has succeeded is durable, and every group gets it <em>at least
 * once</em>: more than once if a consumer fails, is too slow, or the process ends before its acknowledgement is durable.
 * Messages with the same key reach a group in the order of their publication, one at a time, rejected ones included.
 * Positions of groups and the count of deliveries are as durable as messages, with two exceptions that only the end of the
 * machine (not of the process) can show: counts and the acknowledgements that nobody waits for reach the disk within a few
 * milliseconds, not before they take effect.
 *
 * <p><b>What is not.</b> Exactly once: no queue can promise that for what a handler does elsewhere; docs/queue.md says how to
 * come near. Order between keys. Speed without many at once: one publisher that waits each time is as fast as the disk
 * can sync.
 *
 * <p><b>Where.</b> The URL chooses the {@link Engine}. {@code log:FOLDER} is embedded: files in a folder that belongs to
 * one process. The state of a queue belongs to one loop; publishers and consumers may be anywhere. Any thread may call any method.
 */
public interface Queue extends AutoCloseable {

    /**
     * Opens a queue, and waits until it is open. Parks a green thread, blocks a platform thread.
     *
     * @param loop what its state belongs to
     * @param url for example {@code "log:/var/lib/shop"}
     */
    static Queue open(Loop loop, String url) throws IOException {
        return QueueException.await(startOpen(loop, url));
    }

    /**
     * Opens a queue; the operation yields it.
     *
     * @throws QueueException {@link QueueFailure#INVALID} if the URL is none, or no engine knows it
     */
    static Operation<Queue> startOpen(Loop loop, String url) throws QueueException {
        QueueUrl parsed = QueueUrl.parse(url);
        Engine log = new LogEngine();
        if (parsed.scheme().equals(log.scheme())) {
            return log.open(loop, parsed);
        }
        TreeSet<String> schemes = new TreeSet<>(List.of(log.scheme()));
        for (Engine engine : ServiceLoader.load(Engine.class)) {
            if (engine.scheme().equals(parsed.scheme())) {
                return engine.open(loop, parsed);
            }
            schemes.add(engine.scheme());
        }
        throw new QueueException(
                "open the queue " + url,
                QueueFailure.INVALID,
                "no engine here is called " + parsed.scheme() + ", but these: " + String.join(", ", schemes));
    }

    /** The loop that its state belongs to. */
    Loop loop();

    /** How it was opened. */
    QueueUrl url();

    /** The topic of that name; it comes into being if it is not there. Parks a green thread, blocks a platform thread. */
    default Topic topic(String name) throws IOException {
        return topic(name, TopicSettings.DEFAULT);
    }

    /** As {@link #topic(String)}, kept like that if this is the first time it is asked for. */
    default Topic topic(String name, TopicSettings settings) throws IOException {
        return QueueException.await(startTopic(name, settings));
    }

    /** As {@link #topic(String, TopicSettings)}; the operation yields it. */
    Operation<Topic> startTopic(String name, TopicSettings settings);

    /** The names of all topics, also of those that nobody has asked for, as of about now. */
    List<String> topics();

    /** Figures of every topic, as of about now. */
    List<TopicStatus> status();

    /**
     * Takes nothing new, makes durable what it has taken, and closes: yields this queue when another may open it. What
     * consumers have is delivered again after the next opening.
     */
    Operation<Queue> startClose();

    /** Closes, and waits until it is closed. Parks a green thread, blocks a platform thread. */
    @Override
    void close() throws IOException;
}
