/** A database behind the loop: {@link dev.pumasi.sql.Database}. */
@NullMarked
package dev.pumasi.sql;

import org.jspecify.annotations.NullMarked;
