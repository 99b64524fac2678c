/** The Java servers that are measured, each in the configuration its makers recommend for production. */
@NullMarked
package dev.pumasi.benchmarks.servers;

import org.jspecify.annotations.NullMarked;
