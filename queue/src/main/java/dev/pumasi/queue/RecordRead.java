package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Outcome;
import dev.pumasi.runtime.memory.Buffer;
import java.util.function.Consumer;

/** The record of an {@link Entry}, read again from its segment until all of it is there, and checked. On the loop. */
final class RecordRead {

    private final Segment segment;
    private final Entry entry;
    private final Consumer<Outcome<Message>> then;
    private final Buffer buffer;
    private int done;

    RecordRead(Segment segment, Entry entry, Consumer<Outcome<Message>> then) {
        this.segment = segment;
        this.entry = entry;
        this.then = then;
        buffer = Buffer.allocate(entry.length);
    }

    void go() {
        segment.file
                .startRead(entry.position + done, buffer, done, entry.length - done)
                .onDone(this::read);
    }

    private void read(Outcome<? extends Integer> outcome) {
        if (outcome instanceof Operation.Success<? extends Integer>(Integer count) && count > 0) {
            done += count;
            if (done < entry.length) {
                go();
            } else {
                then.accept(message());
            }
        } else {
            then.accept(new Operation.Failed<>(
                    outcome instanceof Operation.Failed<? extends Integer>(Throwable failure)
                            ? failure
                            : Segment.damaged(segment.path, "the file has become shorter")));
        }
    }

    private Outcome<Message> message() {
        boolean intact = RecordFormat.length(buffer, 0) == entry.length
                && RecordFormat.sequence(buffer, 0) == entry.sequence
                && new RecordFormat().isIntact(buffer, 0, segment.salt);
        return intact
                ? new Operation.Success<>(MessageCodec.message(
                        buffer, RecordFormat.HEADER_BYTES, entry.length - RecordFormat.HEADER_BYTES))
                : new Operation.Failed<>(Segment.damaged(
                        segment.path,
                        "record " + entry.sequence + " at " + entry.position + " is not what was written any more"));
    }
}
