/** Native memory: the bytes that the kernel and the program share. */
@NullMarked
package dev.pumasi.runtime.memory;

import org.jspecify.annotations.NullMarked;
