package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.util.function.Consumer;

/** Looks for the first message that was stored at a time or later. On the log's loop. */
final class TimeSearch {

    private final Log log;
    private final long millis;
    private final Consumer<Operation.Outcome<Long>> then;
    private final Cursor cursor;

    TimeSearch(Log log, long millis, Consumer<Operation.Outcome<Long>> then) {
        this.log = log;
        this.millis = millis;
        this.then = then;
        cursor = Cursor.before(log, millis, this::go);
    }

    void go() {
        try {
            while (true) {
                switch (cursor.step()) {
                    case RECORD -> {
                        if (cursor.millis() >= millis) {
                            then.accept(new Operation.Success<>(cursor.sequence()));
                            return;
                        }
                        cursor.advance();
                    }
                    case LOST -> {}
                    case END -> {
                        then.accept(new Operation.Success<>(log.nextSequence()));
                        return;
                    }
                    case READING -> {
                        return;
                    }
                }
            }
        } catch (IOException failure) {
            then.accept(new Operation.Failed<>(failure));
        }
    }
}
