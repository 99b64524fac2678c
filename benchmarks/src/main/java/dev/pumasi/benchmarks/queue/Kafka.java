package dev.pumasi.benchmarks.queue;

import java.nio.file.Path;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Kafka as {@link KafkaBroker} starts it; one producer that all publishers share, which is how it is meant to be used. */
record Kafka(Thread.Builder threads) implements Contender {

    static final String NAME = "Kafka 4.3.1, one broker, `acks=all`, `flush.messages=1`";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public long run(Path folder, int publishers, int bytes, long nanos) throws Exception {
        byte[] body = new byte[bytes];
        try (KafkaBroker broker = KafkaBroker.start(folder);
                KafkaProducer<byte[], byte[]> producer = broker.producer()) {
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(KafkaBroker.TOPIC, body);
            producer.send(record).get();
            return Publishers.run(
                    threads,
                    publishers,
                    nanos,
                    () -> () -> producer.send(record).get());
        }
    }
}
