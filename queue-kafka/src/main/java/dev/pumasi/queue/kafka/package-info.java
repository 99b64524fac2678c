/** The queue on Apache Kafka: the same API, for when one machine is not enough. */
@NullMarked
package dev.pumasi.queue.kafka;

import org.jspecify.annotations.NullMarked;
