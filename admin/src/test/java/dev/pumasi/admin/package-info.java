@NullMarked
package dev.pumasi.admin;

import org.jspecify.annotations.NullMarked;
