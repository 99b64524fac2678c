/** The queue for other processes and languages: over HTTP, and the same Java API at the other end. */
@NullMarked
package dev.pumasi.queue.http;

import org.jspecify.annotations.NullMarked;
