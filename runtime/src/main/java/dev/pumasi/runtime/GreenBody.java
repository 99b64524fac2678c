package dev.pumasi.runtime;

/** What a green thread runs: the program's part of it, between its entry into the loop's list and its leaving. */
final class GreenBody implements Runnable {

    private final Loop loop;
    private final Loop.Body body;

    GreenBody(Loop loop, Loop.Body body) {
        this.loop = loop;
        this.body = body;
    }

    @Override
    public void run() {
        GreenThreadList list = loop.greenThreadList();
        int slot = list.enter(Thread.currentThread());
        LoopRecording notes = loop.recordingOfGreenCaller();
        if (notes != null) {
            notes.then(RecordedKind.GREEN_BEGUN, 0, Thread.currentThread().threadId());
        }
        try {
            body.run();
        } catch (Throwable failure) {
            loop.report("a green thread", failure);
        } finally {
            list.leave(slot);
            notes = loop.recordingOfGreenCaller(); // another one, perhaps
            if (notes != null) {
                notes.greenEnds(Thread.currentThread().threadId());
            }
        }
    }
}
