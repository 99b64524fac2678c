package dev.pumasi.web;

/** A part of a request that a configuration can name, as {@code $uri}. An empty text stands for what is not there. */
@FunctionalInterface
interface Variable {

    String of(Visit visit);
}
