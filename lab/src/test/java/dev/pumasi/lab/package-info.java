@NullMarked
package dev.pumasi.lab;

import org.jspecify.annotations.NullMarked;
