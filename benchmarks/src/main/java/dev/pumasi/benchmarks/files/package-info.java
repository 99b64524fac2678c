/** Files, read side by side: Pumasi, the JDK's two ways, and fio. */
@NullMarked
package dev.pumasi.benchmarks.files;

import org.jspecify.annotations.NullMarked;
