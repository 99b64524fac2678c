/** Measuring servers: the load generator, and what loops were seen to do. */
@NullMarked
package dev.pumasi.lab;

import org.jspecify.annotations.NullMarked;
