@NullMarked
package dev.pumasi.services;

import org.jspecify.annotations.NullMarked;
