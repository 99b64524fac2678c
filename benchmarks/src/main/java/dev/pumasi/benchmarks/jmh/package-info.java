/** JMH benchmarks of single parts; {@code benchmarks/jmh} runs them. */
@NullMarked
package dev.pumasi.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
