/** HTTP clients side by side: what a request costs the one who asks. */
@NullMarked
package dev.pumasi.benchmarks.clients;

import org.jspecify.annotations.NullMarked;
