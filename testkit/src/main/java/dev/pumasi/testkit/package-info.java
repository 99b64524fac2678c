/** A simulated network and clock, seeds, and watchers for what a test leaves behind. */
@NullMarked
package dev.pumasi.testkit;

import org.jspecify.annotations.NullMarked;
