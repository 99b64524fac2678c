/** A query by key behind HTTP, side by side with others; and admission. {@code benchmarks/measure-sql}. */
@NullMarked
package dev.pumasi.benchmarks.sql;

import org.jspecify.annotations.NullMarked;
