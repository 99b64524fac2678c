package dev.pumasi.lab;

/**
 * One measured figure: what, of whom, under which circumstance, and its value in each round.
 *
 * @param subject whose it is: a model, a driver, a way to wait
 * @param at the circumstance that was varied, the number of connections as a rule; NaN if none was
 */
public record Figure(Quantity quantity, String subject, double at, Spread spread) {}
