/** Tests of the queue. */
@NullMarked
package dev.pumasi.queue;

import org.jspecify.annotations.NullMarked;
