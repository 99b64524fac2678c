package dev.pumasi.lab;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * What a load is: whom it asks for what, how, and for how long. Built by {@link #to}; immutable.
 *
 * <p><b>Open or closed.</b> With a rate, requests are due at fixed times, whatever the server does, as customers come to a
 * shop: open loop. Without, each connection sends its next request when the last one is answered, so a slow server is asked
 * less: closed loop. Only the first tells what a customer waits (G. Tene's <i>coordinated omission</i>; B. Schroeder et al.,
 * <i>Open Versus Closed</i>, NSDI 2006); the second tells how much a server can do.
 */
public final class LoadPlan {

    /** More at once are no load but a mistake: no machine has as many ports. */
    public static final int CONNECTIONS_MAX = 1_000_000;

    /** Requests per second that no machine makes. */
    public static final double RATE_MAX = 10_000_000;

    public static final Duration DURATION_MAX = Duration.ofDays(1);

    /** What is sent may be as large. */
    public static final int BODY_BYTES_MAX = 64 * 1024 * 1024;

    private static final int SUCCESS_MIN = 200;
    private static final int SUCCESS_MAX = 399;

    private final LoadTarget target;
    private final String method;
    private final byte[] request;
    private final int connections;
    private final int loops;
    private final String driver;
    private final double rate;
    private final boolean keepAlive;
    private final boolean spin;
    private final Duration warmup;
    private final Duration duration;
    private final long requests;
    private final Duration timeout;
    private final int status;

    private LoadPlan(Builder from) {
        target = from.target;
        method = from.method;
        request = from.encode();
        connections = from.connections;
        loops = from.loops;
        driver = from.driver;
        rate = from.rate;
        keepAlive = from.keepAlive;
        spin = from.spin;
        warmup = from.warmup;
        duration = from.duration;
        requests = from.requests;
        timeout = from.timeout;
        status = from.status;
    }

    /** A load on {@code target}: GET, closed loop, 64 connections, 2 s of warm-up, 10 s measured. */
    public static Builder to(LoadTarget target) {
        return new Builder(target);
    }

    public LoadTarget target() {
        return target;
    }

    public String method() {
        return method;
    }

    public int connections() {
        return connections;
    }

    public int loops() {
        return loops;
    }

    public String driver() {
        return driver;
    }

    /** Requests per second; 0 for a closed loop. */
    public double rate() {
        return rate;
    }

    public boolean isOpenLoop() {
        return rate > 0;
    }

    /** Whether connections are used again; if not, every request has one of its own. */
    public boolean keepsAlive() {
        return keepAlive;
    }

    /** Whether the generator never sleeps, so that requests leave on time to some microseconds. */
    public boolean spins() {
        return spin;
    }

    public Duration warmup() {
        return warmup;
    }

    /** How long is measured; with {@link #requests}, at most. */
    public Duration duration() {
        return duration;
    }

    /** How many requests are measured; 0 without limit. */
    public long requests() {
        return requests;
    }

    /** How long a request may take. */
    public Duration timeout() {
        return timeout;
    }

    /** Whether an answer with this status is the right one. */
    boolean isRight(int code) {
        return status == 0 ? code >= SUCCESS_MIN && code <= SUCCESS_MAX : code == status;
    }

    /** The bytes of every request. */
    byte[] request() {
        return request.clone();
    }

    /** In a line, for people. */
    String summary() {
        String model = isOpenLoop() ? String.format(Locale.ROOT, "open loop, %,.0f requests/s", rate()) : "closed loop";
        return model + ", " + (keepsAlive() ? "" : "a new connection for each, ") + connections()
                + (connections() == 1 ? " connection" : keepsAlive() ? " connections" : " at a time");
    }

    /** Each setting has a default; a value that makes no sense is an {@link IllegalArgumentException}. Not thread-safe. */
    public static final class Builder {

        private record Line(String name, String value) {}

        private final LoadTarget target;
        private String method = "GET";
        private final List<Line> fields = new ArrayList<>();
        private byte[] body = {};
        private int connections = 64;
        private int loops = 1;
        private String driver = Drivers.AUTO;
        private double rate;
        private boolean keepAlive = true;
        private boolean spin;
        private Duration warmup = Duration.ofSeconds(2);
        private Duration duration = Duration.ofSeconds(10);
        private long requests;
        private Duration timeout = Duration.ofSeconds(10);
        private int status;

        private Builder(LoadTarget target) {
            this.target = target;
        }

        public Builder method(String name) {
            check(
                    !name.isEmpty() && name.chars().allMatch(c -> c > ' ' && c < 0x7f),
                    "no method is called '" + name + "'");
            method = name;
            return this;
        }

        /** One more field of every request. Host, Content-Length and Connection are the generator's own. */
        public Builder field(String name, String value) {
            check(
                    !name.isEmpty() && name.chars().allMatch(c -> c > ' ' && c < 0x7f && c != ':'),
                    "no field is called '" + name + "'");
            check(
                    value.chars().allMatch(c -> c >= ' ' && c < 0x100 && c != 0x7f),
                    "field " + name + " holds a control character");
            for (String own : List.of("Content-Length", "Connection", "Transfer-Encoding")) {
                check(!own.equalsIgnoreCase(name), "the field " + own + " is the generator's own");
            }
            fields.add(new Line(name, value));
            return this;
        }

        public Builder body(byte[] bytes) {
            check(
                    bytes.length <= BODY_BYTES_MAX,
                    "a body of " + bytes.length + " bytes; " + BODY_BYTES_MAX + " at most");
            body = bytes.clone();
            return this;
        }

        public Builder connections(int count) {
            check(
                    count >= 1 && count <= CONNECTIONS_MAX,
                    "between 1 and " + CONNECTIONS_MAX + " connections, not " + count);
            connections = count;
            return this;
        }

        /** How many loops, each on a thread of its own. */
        public Builder loops(int count) {
            check(
                    count >= 1 && count <= LoopGroup.LOOPS_MAX,
                    "between 1 and " + LoopGroup.LOOPS_MAX + " loops, not " + count);
            loops = count;
            return this;
        }

        /** The driver of the generator's loops, by name. */
        public Builder driver(String name) {
            driver = Objects.requireNonNull(name, "driver");
            return this;
        }

        /** Open loop: as many requests per second. */
        public Builder rate(double perSecond) {
            check(
                    perSecond > 0 && perSecond <= RATE_MAX,
                    "a rate above 0 and up to " + (long) RATE_MAX + " per second, not " + perSecond);
            rate = perSecond;
            return this;
        }

        /** A new connection for each request. */
        public Builder newConnections() {
            keepAlive = false;
            return this;
        }

        /** Open loop: never sleeps, which takes a whole processor, and sends on time to some microseconds instead of 0.2 ms. */
        public Builder spin() {
            spin = true;
            return this;
        }

        public Builder warmup(Duration time) {
            check(!time.isNegative() && time.compareTo(DURATION_MAX) <= 0, "a warm-up of " + time);
            warmup = time;
            return this;
        }

        public Builder duration(Duration time) {
            check(
                    time.isPositive() && time.compareTo(DURATION_MAX) <= 0,
                    "a duration above 0 and up to a day, not " + time);
            duration = time;
            return this;
        }

        /** Measures as many, and then ends. */
        public Builder requests(long count) {
            check(count >= 1, "at least one request, not " + count);
            requests = count;
            return this;
        }

        public Builder timeout(Duration time) {
            check(
                    time.isPositive() && time.compareTo(DURATION_MAX) <= 0,
                    "a time limit above 0 and up to a day, not " + time);
            timeout = time;
            return this;
        }

        /** Only answers with this status are right; otherwise all from 200 to 399 are. */
        public Builder expect(int code) {
            check(code >= 200 && code <= 999, "a status from 200 to 999, not " + code);
            status = code;
            return this;
        }

        public LoadPlan build() {
            check(loops <= connections, loops + " loops share " + connections + " connections: at least one each");
            check(
                    !spin || rate > 0,
                    "to spin is for a fixed rate: a closed loop has no times at which a request is due");
            return new LoadPlan(this);
        }

        private byte[] encode() {
            StringBuilder head = new StringBuilder();
            head.append(method).append(' ').append(target.path()).append(" HTTP/1.1\r\n");
            if (fields.stream().noneMatch(field -> field.name.equalsIgnoreCase("Host"))) {
                head.append("Host: ").append(target.authority()).append("\r\n");
            }
            for (Line field : fields) {
                head.append(field.name).append(": ").append(field.value).append("\r\n");
            }
            if (body.length > 0 || method.equals("POST") || method.equals("PUT") || method.equals("PATCH")) {
                head.append("Content-Length: ").append(body.length).append("\r\n");
            }
            if (!keepAlive) {
                head.append("Connection: close\r\n");
            }
            byte[] headBytes = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
            byte[] all = new byte[headBytes.length + body.length];
            System.arraycopy(headBytes, 0, all, 0, headBytes.length);
            System.arraycopy(body, 0, all, headBytes.length, body.length);
            return all;
        }

        private static void check(boolean fine, String otherwise) {
            if (!fine) {
                throw new IllegalArgumentException(otherwise);
            }
        }
    }
}
