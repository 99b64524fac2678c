package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A listening socket in the hands of a child process. */
final class PassedSocketTest extends OnEachDriverWithChildren {

    @Test
    void aChildAcceptsFromTheListenerItWasPassed() throws Exception {
        Loop loop = loop();
        Listener listener = closing(Listener.open(loop, LOOPBACK, StreamSocket::close));
        onLoop(loop, () -> {
            listener.pause();
            return null;
        });
        Command command = sh(
                        "exec \"$@\" 0<&7",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        InheritProbe.class.getName())
                .pass(listener, 7);
        if (isPortable()) {
            assertFails(Failure.NOT_SUPPORTED, () -> command.start(loop).await());
            return;
        }
        ChildProcess child = start(loop, command);
        String greeting = "hello from process " + child.id() + "\n";
        assertEquals(greeting, new String(peer(listener).getInputStream().readNBytes(greeting.length())));
        assertEquals(new Exit.Status(0), child.exit().await());
        listener.close();
        assertFails(Failure.CLOSED, () -> command.start(loop).await());
    }

    @Test
    void severalDescriptorsAreSortedOut() throws Exception {
        if (isPortable()) {
            return;
        }
        Loop loop = loop();
        Listener one = closing(Listener.open(loop, LOOPBACK, StreamSocket::close));
        Listener other = closing(Listener.open(loop, LOOPBACK, StreamSocket::close));
        // Numbers that this process uses itself, so that each might be overwritten by the other.
        Command command = sh("ls /proc/$$/fd");
        for (int descriptor = 3; descriptor < 200; descriptor += 2) {
            command.pass(descriptor % 4 == 1 ? one : other, descriptor);
        }
        long sockets = said(loop, command)
                .lines()
                .filter(line -> Integer.parseInt(line) > 2)
                .count();
        assertEquals(99, sockets);
        String which = said(
                loop,
                sh("readlink /proc/$$/fd/200 /proc/$$/fd/3 /proc/$$/fd/150")
                        .pass(one, 200)
                        .pass(other, 3)
                        .pass(one, 150));
        String[] links = which.split("\n");
        assertEquals(links[0], links[2]);
        assertEquals(false, links[0].equals(links[1]), which);
    }
}
