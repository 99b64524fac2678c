package dev.pumasi.queue;

import dev.pumasi.runtime.Promise;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One publication, from the call to the disk. */
final class Publishing extends Promise<Position> implements Append {

    private final LogTopic topic;
    private final String id;
    private final MessageCodec.Parts parts;
    private final boolean waits;

    /** Publications of the same id that came before this one was durable. */
    private @Nullable List<Publishing> followers;

    /** @param waits whether it waits for room, because a thread waits for it */
    Publishing(LogTopic topic, String id, MessageCodec.Parts parts, boolean waits) {
        super(topic.loop());
        this.topic = topic;
        this.id = id;
        this.parts = parts;
        this.waits = waits;
    }

    Publishing asked() {
        begun();
        return this;
    }

    String id() {
        return id;
    }

    @Override
    protected void begin() {
        topic.publish(this);
    }

    @Override
    protected boolean abandon() {
        return false;
    }

    @Override
    protected String what() {
        return "publish to " + topic.name();
    }

    @Override
    public Durability durability() {
        return Durability.NOW;
    }

    @Override
    public int kind() {
        return MessageCodec.KIND;
    }

    @Override
    public int bytes() {
        return parts.bytes();
    }

    @Override
    public void put(Buffer to, int at) {
        parts.put(to, at);
    }

    @Override
    public boolean waitsForRoom() {
        return waits;
    }

    @Override
    public void placed(long sequence) {
        if (!id.isEmpty()) {
            topic.placed(this, sequence);
        }
    }

    @Override
    public void appended(long sequence) {
        isThere(sequence);
        if (!id.isEmpty()) {
            topic.settled(this);
        }
        List<Publishing> waiting = followers;
        if (waiting != null) {
            waiting.forEach(follower -> follower.isThere(sequence));
        }
    }

    @Override
    public void failed(IOException why) {
        broken(why);
        if (!id.isEmpty()) {
            topic.lost(this);
        }
        List<Publishing> waiting = followers;
        if (waiting != null) {
            waiting.forEach(follower -> follower.broken(why));
        }
    }

    /** It is durable there. */
    void isThere(long sequence) {
        kept(Position.of(sequence));
    }

    /** The same message again: it is there when this one is. */
    void follow(Publishing again) {
        List<Publishing> waiting = followers;
        if (waiting == null) {
            waiting = new ArrayList<>();
            followers = waiting;
        }
        waiting.add(again);
    }
}
