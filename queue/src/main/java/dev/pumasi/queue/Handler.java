package dev.pumasi.queue;

/**
 * What a consumer does with each message. To return is to acknowledge, unless it has settled the delivery itself; to throw is
 * to reject, with what was thrown as the reason.
 */
@FunctionalInterface
public interface Handler {

    /** Runs on a green thread, so it may wait for anything. */
    void handle(Delivery delivery) throws Exception;
}
