/** Vert.x with its PostgreSQL client, for {@code benchmarks/measure-sql}. */
@NullMarked
package dev.pumasi.benchmarks.vertx;

import org.jspecify.annotations.NullMarked;
