package dev.pumasi.runtime;

/**
 * Figures of a {@link Names}, as of about now.
 *
 * @param threads how many threads it has just now
 * @param waiting names that wait for a thread
 * @param looking names that are being looked up
 * @param asked look-ups that were handed to the source, since it was opened
 * @param known requests that needed none: the answer was known, or the name is none that is asked for
 * @param joined requests that waited for a look-up which another had begun
 * @param rejected requests that were refused because a limit was reached
 */
public record NamesStatus(int threads, int waiting, int looking, long asked, long known, long joined, long rejected) {}
