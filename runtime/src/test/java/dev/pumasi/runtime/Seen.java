package dev.pumasi.runtime;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayList;
import java.util.List;

/** A receiver that remembers how it ended. Belongs to the loop, like what it receives from. */
class Seen implements Receiver {

    int calls;
    int ends;
    final List<Failure> failures = new ArrayList<>();

    @Override
    public void received(Buffer data, int length) {
        calls++;
    }

    @Override
    public void ended() {
        calls++;
        ends++;
    }

    @Override
    public void failed(OperationException failure) {
        calls++;
        failures.add(failure.failure());
    }
}
