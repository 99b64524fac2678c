/** Benchmarks of what the http module keeps to itself. */
@NullMarked
package dev.pumasi.http;

import org.jspecify.annotations.NullMarked;
