/** Measures servers side by side, as whole processes. */
@NullMarked
package dev.pumasi.benchmarks;

import org.jspecify.annotations.NullMarked;
