/** Black-box tests of the whole, and of its architecture. */
@NullMarked
package dev.pumasi.it;

import org.jspecify.annotations.NullMarked;
