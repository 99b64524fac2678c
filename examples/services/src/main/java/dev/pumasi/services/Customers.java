package dev.pumasi.services;

import dev.pumasi.http.ClientException;
import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.HttpClient;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Customers, who order at a fixed rate whether others are served or not, and wait for their answer. All of them live on one loop, so
 * what they have seen is a plain list.
 */
final class Customers {

    /** Longer than a customer waits. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * What one of them saw.
     *
     * @param act what was going on when he asked
     * @param askedMillis when
     * @param status of the answer; 0 without one
     * @param said what the answer was
     */
    record Seen(String id, int act, long askedMillis, double latencyMillis, int status, String said) {
        boolean isAccepted() {
            return status / 100 == 2;
        }
    }

    private final Loop loop;
    private final HttpClient client;
    private final String shop;
    private final List<Seen> seen = new ArrayList<>();
    private int asked;

    Customers(Loop loop, HttpClient client, String shop) {
        this.loop = loop;
        this.client = client;
        this.shop = shop;
    }

    /**
     * So many order, one after another, evenly. On a green thread of the loop, and back when the last of them has asked and the first
     * has been answered.
     */
    void come(int act, int count, double perSecond) throws IOException {
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long dueNanos = begin + (long) (i * 1e9 / perSecond);
            long waitNanos = dueNanos - System.nanoTime();
            if (waitNanos > 0) {
                loop.sleep(Duration.ofNanos(waitNanos)).await();
            }
            asked++;
            String id = "order-" + asked;
            loop.spawn(() -> seen.add(order(id, act)));
        }
        long restNanos = begin + (long) (count * 1e9 / perSecond) - System.nanoTime();
        if (restNanos > 0) {
            loop.sleep(Duration.ofNanos(restNanos)).await();
        }
        while (seen.stream().noneMatch(one -> one.act() == act)) {
            loop.sleep(Duration.ofMillis(10)).await();
        }
    }

    private Seen order(String id, int act) {
        long askedMillis = System.currentTimeMillis();
        long begin = System.nanoTime();
        int status = 0;
        String said;
        try (ClientResponse answer =
                client.send(ClientRequest.of("POST", shop + "/orders/" + id).withTimeout(PATIENCE))) {
            status = answer.status();
            said = answer.body().text();
        } catch (IOException none) {
            ClientException known = ClientException.in(none);
            said = "orders did not answer" + (known == null ? "" : ": " + known.reason());
        }
        return new Seen(id, act, askedMillis, (System.nanoTime() - begin) / 1e6, status, said);
    }

    /** Waits until everybody has been answered, or has lost patience. */
    List<Seen> all() throws IOException {
        while (seen.size() < asked) {
            loop.sleep(Duration.ofMillis(10)).await();
        }
        return List.copyOf(seen);
    }
}
