/** The syntax of nginx's configuration files: words, directives and blocks, and where each of them stands. It knows no directive. */
@NullMarked
package dev.pumasi.web.conf;

import org.jspecify.annotations.NullMarked;
