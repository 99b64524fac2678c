/** The live page: what each loop is doing now; metrics, health and readiness. {@link dev.pumasi.admin.Admin} says how. */
@NullMarked
package dev.pumasi.admin;

import org.jspecify.annotations.NullMarked;
