/** The drivers' contract, tried on each of them. */
package dev.pumasi.runtime.driver;
