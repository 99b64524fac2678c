/** The contract of every engine, held against Kafka; in the contract's own package, which is nobody else's business. */
package dev.pumasi.queue;
