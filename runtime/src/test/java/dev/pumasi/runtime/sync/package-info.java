/** What runs below the primitives, checked under every order of events that a model checker can make of it. */
package dev.pumasi.runtime.sync;
