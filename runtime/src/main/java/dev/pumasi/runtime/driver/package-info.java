/** The seam to the kernel, its implementations, and the bindings below them. */
@NullMarked
package dev.pumasi.runtime.driver;

import org.jspecify.annotations.NullMarked;
