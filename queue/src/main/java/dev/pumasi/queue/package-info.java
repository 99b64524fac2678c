/** Durable messages between parts of a system that need not run at the same time. */
@NullMarked
package dev.pumasi.queue;

import org.jspecify.annotations.NullMarked;
