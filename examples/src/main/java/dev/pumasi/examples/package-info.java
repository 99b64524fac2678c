/** Small programs, one for each way of doing several things at once. {@code examples/run NAME} starts one. */
@NullMarked
package dev.pumasi.examples;

import org.jspecify.annotations.NullMarked;
