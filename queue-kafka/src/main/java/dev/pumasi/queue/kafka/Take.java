package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Delivery;
import dev.pumasi.runtime.Promise;
import java.io.IOException;

/** A consumer's wish for a message. */
final class Take extends Promise<Delivery> {

    final Member consumer;

    Take(Member consumer) {
        super(consumer.group.loop());
        this.consumer = consumer;
    }

    Take asked() {
        begun();
        return this;
    }

    @Override
    protected void begin() {
        consumer.group.ask(this);
    }

    @Override
    protected boolean abandon() {
        consumer.group.noLongerAsks(this);
        return true;
    }

    void given(Delivery delivery) {
        kept(delivery);
    }

    void refused(IOException why) {
        broken(why);
    }

    @Override
    protected String what() {
        return "take a message of " + consumer.group;
    }
}
