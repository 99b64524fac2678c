package dev.pumasi.runtime.driver;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;

/**
 * A process of its own, started with few descriptors: accepts until there are none left, makes sure that nothing spins,
 * gives some back, and accepts again. Says on its standard output what happens, a line each; {@code DescriptorLimitTest}
 * connects and reads along.
 */
final class DescriptorLimitProbe {

    private static final long WAIT_NANOS = 20_000_000;

    private DescriptorLimitProbe() {}

    public static void main(String[] arguments) {
        DriverUnderTest kind = DriverUnderTest.valueOf(arguments[0]);
        int givenBack = Integer.parseInt(arguments[1]);
        try (Driver driver = kind.open()) {
            int listener = driver.listen(new InetSocketAddress("127.0.0.1", 0), 1024, false);
            Deque<Integer> accepted = new ArrayDeque<>();
            say("port " + ((InetSocketAddress) Objects.requireNonNull(driver.localAddress(listener))).getPort());
            say("error " + acceptAll(driver, listener, accepted) + " after " + accepted.size());
            say("idle " + waitsOut(driver));
            for (int i = 0; i < givenBack; i++) {
                driver.close(accepted.pop());
            }
            driver.poll(0, new Completions(1)); // a driver may close in its turn
            int before = accepted.size();
            int error = acceptAll(driver, listener, accepted);
            say("error " + error + " after " + (accepted.size() - before) + " more");
            accepted.forEach(driver::close);
            driver.close(listener);
        }
        say("done");
    }

    /** Accepts until that ends, and says with which error. */
    private static int acceptAll(Driver driver, int listener, Deque<Integer> accepted) {
        Completions completions = new Completions(64);
        driver.accept(listener, 1);
        while (true) {
            completions.clear();
            driver.poll(Driver.FOREVER, completions);
            for (int i = 0; i < completions.size(); i++) {
                if (completions.result(i) >= 0) {
                    accepted.push(completions.result(i));
                }
                if ((completions.flags(i) & Completions.MORE) == 0) {
                    return -completions.result(i);
                }
            }
        }
    }

    /** Whether, with connections waiting to be accepted and nobody asking for them, a wait lasts as long as it should. */
    private static boolean waitsOut(Driver driver) {
        Completions completions = new Completions(64);
        for (int i = 0; i < 5; i++) {
            long begin = System.nanoTime();
            driver.poll(WAIT_NANOS, completions);
            if (System.nanoTime() - begin >= WAIT_NANOS && completions.size() == 0) {
                return true;
            }
        }
        return false;
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
