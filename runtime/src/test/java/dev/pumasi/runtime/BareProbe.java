package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Drivers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * A process of its own without {@code jdk.jfr}, {@code java.management} and {@code java.logging}: a hop, a recording and a stall there.
 * {@link DeadlockTest} reads along.
 */
final class BareProbe {

    private BareProbe() {}

    public static void main(String[] arguments) throws Exception {
        long modules = List.of("jdk.jfr", "java.management", "java.logging").stream()
                .filter(name -> ModuleLayer.boot().findModule(name).isPresent())
                .count();
        say("modules " + modules);
        try (LoopGroup group =
                LoopGroup.start("bare", 1, Drivers.choose(Drivers.AUTO).factory(), Duration.ofMillis(50))) {
            Loop loop = group.next();
            Semaphore semaphore = new Semaphore(0);
            Thread green = loop.spawn(semaphore::acquireUninterruptibly);
            Eventually.until("it waits", () -> green.getState() == Thread.State.WAITING);
            semaphore.release();
            green.join();
            say("hops " + loop.status().hops());
            try (Recording recording = Recording.start(group.loops(), 100)) {
                loop.spawn(() -> loop.sleep(Duration.ofMillis(1)).await()).join();
                Eventually.until("it is recorded", () -> !recording.take().isEmpty());
            }
            loop.execute(
                    () -> Eventually.until("it is noticed", () -> loop.status().stalls() > 0));
            Eventually.until("it is noticed", () -> loop.status().stalls() > 0);
            say("noticed 1");
        }
        say("stopped 1");
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
