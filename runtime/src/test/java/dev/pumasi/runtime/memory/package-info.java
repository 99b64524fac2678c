/** Tests of memory that loops lend. */
package dev.pumasi.runtime.memory;
