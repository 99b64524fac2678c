@NullMarked
package dev.pumasi.queue.http;

import org.jspecify.annotations.NullMarked;
