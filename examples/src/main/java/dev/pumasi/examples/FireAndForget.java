package dev.pumasi.examples;

import dev.pumasi.runtime.Background;
import dev.pumasi.runtime.BackgroundStatus;
import dev.pumasi.runtime.CompletionQueue;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Two kinds of asynchronous call (S25). One whose result nobody awaits: a receipt is sent in the background, and if that fails,
 * the log says so, once, with the stack. One whose result is needed: the bill is added up in the background as well, and a
 * notification says when it is there. Neither makes the caller wait.
 */
final class FireAndForget {

    /** What was seen: the order of events, and the figures at the end. */
    record Facts(List<String> events, BackgroundStatus status, long reported, boolean orderly) {}

    private final Story story;
    private final List<String> events = new ArrayList<>();

    private FireAndForget(Story story) {
        this.story = story;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 50);
    }

    static Facts run(Story story, String driver, int millis) throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            return new FireAndForget(story).run(loops.next(), Duration.ofMillis(millis));
        }
    }

    private Facts run(Loop loop, Duration moment) throws IOException {
        Background background = Background.open(loop, 100);

        happens("two receipts are sent; nobody waits for them");
        background.start("send a receipt by mail", () -> {
            loop.sleep(moment).await();
            throw new IOException("the mail server is away");
        });
        background.start("print a receipt", () -> loop.sleep(moment).await());

        happens("the bill is added up; its result is needed");
        CompletionQueue done = new CompletionQueue();
        Operation<Integer> bill = background
                .start("add up the bill", () -> {
                    loop.sleep(moment).await();
                    return 12_000;
                })
                .notify(done);
        happens("the caller goes on; is the bill there? " + bill.isDone());

        boolean orderly = background.stop(Duration.ofSeconds(10)); // takes no more, and lets what runs come to its end
        happens("the background has ended");
        for (Operation<?> notified : done.drain()) {
            happens("notified: the bill is " + notified.value());
        }
        BackgroundStatus status = background.status();
        story.print("");
        story.print(status.toString());
        return new Facts(events, status, loop.status().failures(), orderly);
    }

    private void happens(String what) {
        events.add(what);
        story.tell(what);
    }
}
