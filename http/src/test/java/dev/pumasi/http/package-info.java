@NullMarked
package dev.pumasi.http;

import org.jspecify.annotations.NullMarked;
