/** The queue beside the bare disk and beside other people's queues. */
@NullMarked
package dev.pumasi.benchmarks.queue;

import org.jspecify.annotations.NullMarked;
