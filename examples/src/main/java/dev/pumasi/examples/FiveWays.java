package dev.pumasi.examples;

import dev.pumasi.runtime.CompletionQueue;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Meaning 2 of asynchronous I/O (S05, S08, S11): one receive is started, and its one handle offers every way to learn
 * that it is done. The caller sees to it: asks again and again (poll), or waits for it. Or the caller is told: by a
 * callback that was passed in, by a notification in a queue, by a stage to which more can be chained. All of them at
 * once, on one operation.
 */
final class FiveWays {

    /** By which way, on which thread, how many bytes it was told of. */
    record Learnt(String thread, boolean virtual, boolean onLoop, int bytes) {}

    /** Who learnt what, and how often {@code poll} had to say "not yet". */
    record Facts(Map<String, Learnt> ways, int notYet) {}

    private final Story story;
    private final Loop loop;
    private final Map<String, Learnt> ways = new ConcurrentHashMap<>();
    private final CountDownLatch learnt = new CountDownLatch(5);

    private FiveWays(Story story, Loop loop) {
        this.story = story;
        this.loop = loop;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 100);
    }

    static Facts run(Story story, String driver, int millis) throws Exception {
        try (SlowServer server = SlowServer.start(driver);
                LoopGroup loops =
                        LoopGroup.start("loop", 1, Drivers.choose(driver).factory());
                StreamSocket socket =
                        StreamSocket.connect(loops.next(), server.address()).await()) {
            return new FiveWays(story, socket.loop()).receive(socket, SlowServer.request(millis, "soup"));
        }
    }

    private Facts receive(StreamSocket socket, String request) throws Exception {
        Buffer answer = Buffer.allocate(100);
        Operation<Integer> receive = socket.receive(answer, 0, answer.capacity());
        story.tell("started: " + receive);

        // Told: a callback, passed in at the start. It runs on the loop.
        receive.onDone(outcome -> {
            if (outcome instanceof Success<Integer>(Integer bytes)) {
                learn("callback", bytes);
            }
        });

        // Told: a stage, to which what comes next is chained.
        var unused = receive.toStage().thenAccept(bytes -> learn("stage", bytes));

        // Told: a notification, which waits in a queue until it suits us.
        CompletionQueue queue = new CompletionQueue();
        receive.notify(queue);

        // Sees to it: a green thread waits; it is parked, and its loop goes on.
        loop.spawn(() -> learn("await on a green thread", await(receive)));

        // Sees to it: a platform thread waits; it is blocked.
        Thread.ofPlatform().name("waiting-thread").start(() -> learn("await on a platform thread", await(receive)));

        // Sees to it: this thread asks now and then, and does something else in between.
        AtomicInteger notYet = new AtomicInteger();
        Optional<Operation.Outcome<Integer>> asked = receive.poll();
        byte[] question = request.getBytes();
        socket.write(question, 0, question.length); // only now, when every way waits already
        socket.flush();
        while (asked.isEmpty()) {
            story.tell("poll: not yet");
            notYet.incrementAndGet();
            TimeUnit.MILLISECONDS.sleep(20);
            asked = receive.poll();
        }
        learn("poll", receive.value());

        learnt.await();
        for (Operation<?> done : queue.drain()) {
            learn("notification", ((Integer) done.value()));
        }
        return new Facts(ways, notYet.get());
    }

    private void learn(String way, int bytes) {
        story.tell(way + ": done, " + bytes + " bytes");
        Thread thread = Thread.currentThread();
        ways.put(way, new Learnt(thread.getName(), thread.isVirtual(), loop.isCurrent(), bytes));
        learnt.countDown();
    }

    private static int await(Operation<Integer> receive) {
        try {
            return receive.await();
        } catch (IOException failure) {
            return -1;
        }
    }
}
