package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.driver.Redirect;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** A process of its own with few descriptors: starts processes until there are none left. {@link ChildLimitTest} reads along. */
final class ChildLimitProbe {

    private static final int TRIES_MAX = 1000;
    private static final int ROUNDS = 2;

    /**
     * On the nio driver a start that is refused for want of descriptors leaves a pipe open now and then, both its ends in this process: one of
     * the JDK's own, as far as is known. There is one such start in each round.
     */
    private static final int LEFT_BY_THE_JDK_MAX = 2 * ROUNDS;

    private ChildLimitProbe() {}

    public static void main(String[] arguments) throws Exception {
        Command sleeper = Command.of("sleep", "600").input(Redirect.Plain.PIPE);
        try (LoopGroup group =
                LoopGroup.start("probe", 1, Drivers.choose(arguments[0]).factory())) {
            Loop loop = group.next();
            warmUp(loop);
            List<String> before = LeftBehind.all();
            int allowed = before.size() + (arguments[0].equals("nio") ? LEFT_BY_THE_JDK_MAX : 0);
            for (int round = 0; round < ROUNDS; round++) {
                Deque<ChildProcess> children = new ArrayDeque<>();
                Failure failure = Failure.CANCELLED;
                while (children.size() < TRIES_MAX && failure == Failure.CANCELLED) {
                    try {
                        children.push(sleeper.start(loop).await());
                    } catch (OperationException refused) {
                        failure = refused.failure();
                    }
                }
                int count = children.size();
                for (ChildProcess child : children) {
                    child.close();
                }
                for (ChildProcess child : children) {
                    child.exit().await();
                }
                System.out.println(failure + " after " + (count > 3));
            }
            try {
                Eventually.until("descriptors are back", () -> LeftBehind.all().size() <= allowed);
            } catch (AssertionError leak) {
                throw new AssertionError(before + " before, and now " + LeftBehind.all(), leak);
            }
            System.out.println("zombies " + Family.zombies().size());
        }
    }

    /** Loads the classes that will be needed when no more files can be opened to read them from. */
    private static void warmUp(Loop loop) throws Exception {
        try (ChildProcess child = Command.of("sleep", "600")
                .input(Redirect.Plain.PIPE)
                .start(loop)
                .await()) {
            child.kill(UnixSignal.TERM);
            child.exit().await();
        }
        try {
            Command.of("/nowhere").start(loop).await();
        } catch (OperationException expected) {
            System.out.println(expected.failure());
        }
        Eventually.until("it is over", () -> Family.zombies().isEmpty());
    }
}
