package dev.pumasi.lab;

/**
 * Something that a scenario measures.
 *
 * @param name as files have it: lower case, words joined by underscores
 * @param unit of every value, as people read it; empty for a plain number
 */
public record Quantity(String name, String unit) {}
