package dev.pumasi.server;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A supervisor as a process of its own. Says "serving PORT PID"; on the line "hand over" starts another of itself, by the
 * arguments given, and says what has come of it; at the end of its input, or when somebody else has taken over, it ends.
 */
final class SupervisorProbe {

    private SupervisorProbe() {}

    public static void main(String[] arguments) throws Exception {
        List<String> successor = new ArrayList<>(SupervisorTest.java(SupervisorProbe.class));
        successor.addAll(List.of(arguments));
        String start = arguments.length > 0 && Successor.isExpected() ? arguments[0] : "well";
        Supervisor supervisor = Supervisor.of(
                        () -> SupervisorTest.plan(2, SupervisorTest.trial(Map.of("start", start))))
                .address(new InetSocketAddress("127.0.0.1", 0))
                .successor(successor)
                .retirePatience(Duration.ofSeconds(30))
                .start();
        System.out.println(
                "serving " + supervisor.port() + " " + ProcessHandle.current().pid());
        Thread.ofPlatform().daemon().start(() -> read(supervisor));
        supervisor.awaitEnd();
        supervisor.close();
        System.exit(0);
    }

    private static void read(Supervisor supervisor) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                System.out.println(SupervisorSocket.text(supervisor.handOver().get()));
                if (supervisor.workers().isEmpty()) {
                    return; // the input is the successor's now
                }
            }
            supervisor.close();
        } catch (Exception failed) {
            System.out.println(failed);
        }
    }
}
