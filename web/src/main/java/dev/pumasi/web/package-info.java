/** What a web server serves: files. */
@NullMarked
package dev.pumasi.web;

import org.jspecify.annotations.NullMarked;
