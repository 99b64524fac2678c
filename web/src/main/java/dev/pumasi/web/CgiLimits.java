package dev.pumasi.web;

import java.time.Duration;

/**
 * What a script may take.
 *
 * @param firstByte until the end of the head of its answer
 * @param whole for everything; then it is asked to end, and killed when {@code patience} is over
 * @param patience between the two
 * @param outputBytesMax of the body of its answer
 * @param errorBytesMax of its complaints that get into the log
 */
record CgiLimits(Duration firstByte, Duration whole, Duration patience, long outputBytesMax, int errorBytesMax) {}
