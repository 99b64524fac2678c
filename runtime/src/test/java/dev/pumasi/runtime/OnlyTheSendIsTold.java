package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * A driver that reports a reset to the send and never to the receive, on top of a real one. Linux does so with io_uring
 * for one of some thousand connections that are reset just when an answer is sent; this does it each time. What the receive
 * comes to in the end is said: on some kernels it is cancelled, on others it sees the end of the stream.
 */
final class OnlyTheSendIsTold implements InvocationHandler {

    private final Driver real;
    private final Set<Long> receives = new HashSet<>();
    private final Set<Long> sends = new HashSet<>();

    /** Receives whose end was kept back, and of these the ones that were cancelled since. */
    private final Set<Long> untold = new HashSet<>();

    /** What was cancelled while it was in progress. */
    private final Set<Long> asked = new HashSet<>();

    private final Deque<Long> cancelled = new ArrayDeque<>();

    private final int last;

    private OnlyTheSendIsTold(Driver real, int last) {
        this.real = real;
        this.last = last;
    }

    /** @param last the result of the receive when it is asked to end */
    static Driver above(Driver real, int last) {
        return (Driver) Proxy.newProxyInstance(
                Driver.class.getClassLoader(), new Class<?>[] {Driver.class}, new OnlyTheSendIsTold(real, last));
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "poll" -> {
                poll((Long) arguments[0], (Completions) arguments[1]);
                return null;
            }
            case "receive" -> receives.add((Long) arguments[arguments.length - 1]);
            case "send" -> sends.add((Long) arguments[arguments.length - 1]);
            case "cancel" -> {
                long token = (Long) arguments[0];
                if (untold.remove(token)) {
                    cancelled.add(token);
                } else {
                    asked.add(token);
                }
            }
            default -> {}
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    private void poll(long waitNanos, Completions into) {
        while (!cancelled.isEmpty()) {
            into.add(cancelled.poll(), last, 0);
        }
        Completions brought = new Completions(into.room());
        real.poll(into.size() > 0 ? 0 : waitNanos, brought);
        for (int i = 0; i < brought.size(); i++) {
            long token = brought.token(i);
            int result = brought.result(i);
            boolean isLast = (brought.flags(i) & Completions.MORE) == 0;
            boolean ended = isLast && receives.remove(token) && result <= 0;
            if (ended && asked.contains(token)) {
                into.add(token, last, 0);
            } else if (ended) {
                untold.add(token);
            } else {
                boolean failed = isLast && sends.remove(token) && result < 0;
                into.add(token, failed ? -Errno.ECONNRESET : result, brought.flags(i));
            }
        }
    }
}
