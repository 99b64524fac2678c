/** Tests of the testkit. */
@NullMarked
package dev.pumasi.testkit;

import org.jspecify.annotations.NullMarked;
