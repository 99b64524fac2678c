/** Tests of loops, operations, green threads, timers and sockets: what the essays promise, on every driver. */
package dev.pumasi.runtime;
