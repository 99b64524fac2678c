@NullMarked
package dev.pumasi.server;

import org.jspecify.annotations.NullMarked;
