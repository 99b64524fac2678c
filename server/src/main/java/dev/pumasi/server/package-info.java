/** Every concurrency model behind one handler. */
@NullMarked
package dev.pumasi.server;

import org.jspecify.annotations.NullMarked;
