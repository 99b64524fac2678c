@NullMarked
package dev.pumasi.examples;

import org.jspecify.annotations.NullMarked;
