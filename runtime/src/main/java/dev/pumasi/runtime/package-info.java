/** Event loops and everything a program can wait for on one. */
@NullMarked
package dev.pumasi.runtime;

import org.jspecify.annotations.NullMarked;
