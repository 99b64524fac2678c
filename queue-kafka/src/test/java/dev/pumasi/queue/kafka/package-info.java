/** What of the engine on Kafka is tested without a broker. */
package dev.pumasi.queue.kafka;
