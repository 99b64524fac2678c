package dev.pumasi.queue.kafka;

import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Loop;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * All that this process writes to Kafka, in the order in which it is told: messages, dead letters, ledgers. One producer, and one
 * thread in front of it, for its {@code send} waits when it does not know a topic yet.
 *
 * <p><b>The way back.</b> The producer's thread puts what is done into a queue, and only the first that finds it untended posts a
 * task to the loop, which takes all there is: thousands of records cost a few wake-ups.
 */
final class Outbox {

    /** Who is told what became of a record, on the loop. */
    interface Sent {

        /** It is durable there. */
        void sent(int partition, long offset);

        void failed(QueueException why);
    }

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    /** One record on its way, and then what became of it. */
    private final class Letter implements Runnable {

        private final ProducerRecord<byte[], byte[]> record;
        private final Sent told;
        private final long postedNanos = System.nanoTime();
        private @Nullable RecordMetadata at;
        private @Nullable Exception failure;
        private boolean done;

        Letter(ProducerRecord<byte[], byte[]> record, Sent told) {
            this.record = record;
            this.told = told;
        }

        /** On the outbox's thread. */
        @Override
        public void run() {
            Producer<byte[], byte[]> to = producer;
            if (closed) {
                done(null, new QueueException(attempt(), QueueFailure.CLOSED));
            } else if (to == null) {
                done(null, noProducer);
            } else if (System.nanoTime() - postedNanos > patienceNanos) {
                // Those before it waited in vain, for so long that it would be unkind to wait once more.
                done(null, new QueueException(attempt(), QueueFailure.UNAVAILABLE));
            } else {
                try {
                    to.send(record, this::done);
                } catch (RuntimeException refused) {
                    if (!done) {
                        done(null, refused);
                    }
                }
            }
        }

        /** On the outbox's thread or the producer's; the queue hands what is written here over to the loop. */
        private void done(@Nullable RecordMetadata where, @Nullable Exception why) {
            at = where;
            failure = why;
            done = true;
            back.add(this);
            if (tended.compareAndSet(false, true)) {
                loop.execute(Outbox.this::tend);
            }
        }

        /** On the loop. */
        void tell() {
            Exception why = failure;
            RecordMetadata where = at;
            if (why != null || where == null) {
                told.failed(Failures.of(attempt(), why == null ? new IllegalStateException("no answer") : why));
            } else {
                told.sent(where.partition(), where.offset());
            }
        }

        private String attempt() {
            return "publish to " + record.topic();
        }
    }

    private final Loop loop;
    private final long patienceNanos;
    private final Worker worker;
    private final ConcurrentLinkedQueue<Letter> back = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean tended = new AtomicBoolean();

    // Of the worker's thread.
    private @Nullable Producer<byte[], byte[]> producer;
    private @Nullable RuntimeException noProducer;

    private volatile boolean closed;

    Outbox(Loop loop, KafkaSettings settings) {
        this.loop = loop;
        patienceNanos = settings.patience().toNanos();
        worker = new Worker("send");
        worker.post(() -> open(settings));
    }

    /** The client's own settings may be such that there is no producer: then that is what each publication fails of. */
    private void open(KafkaSettings settings) {
        try {
            producer = new KafkaProducer<>(settings.forProducer());
        } catch (RuntimeException refused) {
            noProducer = refused;
        }
    }

    /** Any thread; does not wait. */
    void send(ProducerRecord<byte[], byte[]> record, Sent told) {
        worker.post(new Letter(record, told));
    }

    /** On the loop: tells what is done. Untended first, then look: what comes in between is found, or tended anew. */
    private void tend() {
        tended.set(false);
        for (Letter next = back.poll(); next != null; next = back.poll()) {
            next.tell();
        }
    }

    /** Gives up what is still on its way, and closes. Waits; not for a loop. */
    void close() {
        closed = true;
        worker.post(() -> {
            if (producer != null) {
                producer.close(Duration.ZERO);
            }
        });
        worker.end();
        worker.join(CLOSE_PATIENCE);
    }
}
