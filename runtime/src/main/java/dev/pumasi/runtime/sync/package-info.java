/**
 * Synchronisation between green threads, across loops too: {@link dev.pumasi.runtime.sync.Mutex} with {@link
 * dev.pumasi.runtime.sync.Condition}, {@link dev.pumasi.runtime.sync.Semaphore}, {@link dev.pumasi.runtime.sync.Latch},
 * {@link dev.pumasi.runtime.sync.Channel} with {@link dev.pumasi.runtime.sync.Select}. How they work is written at {@code
 * Line}.
 */
@NullMarked
package dev.pumasi.runtime.sync;

import org.jspecify.annotations.NullMarked;
