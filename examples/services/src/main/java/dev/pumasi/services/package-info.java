/** Orders, stock and mail: three services that call each other, or talk through a queue, while some of them fail. */
@NullMarked
package dev.pumasi.services;

import org.jspecify.annotations.NullMarked;
