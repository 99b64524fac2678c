/** What a web server keeps in a database. */
@NullMarked
package dev.pumasi.web.sql;

import org.jspecify.annotations.NullMarked;
