package dev.pumasi.web;

import java.util.function.LongSupplier;

/**
 * Whether the length of a body must be said before it comes. The server cuts off one in chunks where the largest {@code client_max_body_size} of
 * the file ends; where a location takes less than that, only an announced length can be held against it.
 *
 * @param most the largest of the file, once it is read; 0 for any
 */
record BodyLengths(LongSupplier most) {

    boolean mustBeSaid(Visit visit) {
        long here = visit.location().holds().bodyBytesMax();
        long all = most.getAsLong();
        return visit.request().contentLength() < 0 && here > 0 && (all == 0 || here < all);
    }
}
