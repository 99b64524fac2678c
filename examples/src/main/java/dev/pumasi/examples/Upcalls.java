package dev.pumasi.examples;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Exit;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Mailbox;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * System calls down, upcalls up (S10). The program asks the operating system for things, and goes on; whatever the
 * operating system, another process or another thread has to say comes up as an event on the loop: a signal, a message
 * through a Unix domain socket, what the other process prints, its end, a notification from a thread. One thread
 * handles them all.
 */
final class Upcalls {

    static final long PATIENCE_SECONDS = 60;
    private static final String MESSAGE = "the rice is done";

    /** An event: who brought it, what it was, and the thread that handled it. */
    record Event(String from, String what, Thread handledBy) {}

    private final Story story;
    private final Loop loop;
    private final List<Event> events = new ArrayList<>();
    private final CountDownLatch expected = new CountDownLatch(5);

    private Upcalls(Story story, Loop loop) {
        this.story = story;
        this.loop = loop;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static List<Event> run(Story story, String driver) throws Exception {
        Path folder = Files.createTempDirectory("upcalls");
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Upcalls example = new Upcalls(story, loops.next());
            example.callDown(folder.resolve("kitchen.sock"));
            story.print("hops: " + loops.next().status().hops());
            return Collections.unmodifiableList(example.events);
        } finally {
            Files.delete(folder);
        }
    }

    private void callDown(Path path) throws Exception {
        story.tell("down: tell us of SIGUSR1");
        story.tell("down: listen on a Unix domain socket");
        story.tell("down: start another process");
        try (SignalListener signals = SignalListener.open(loop, UnixSignal.USR1, count -> up("signal", "SIGUSR1"));
                Listener listener = Listener.open(loop, UnixDomainSocketAddress.of(path), this::connected);
                Mailbox<String> mailbox = Mailbox.open(loop, 10, message -> up("thread", message));
                ChildProcess other = otherProcess(path).start(loop).await()) {
            read(other.output(), "output");
            other.exit().onDone(end -> {
                if (end instanceof Success<? extends Exit>(Exit exit)) {
                    up("process", "it has ended: " + exit);
                }
            });
            Thread.ofPlatform().name("other-thread").start(() -> mailbox.post("a notification"));
            story.tell("goes on with something else");
            if (!expected.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                story.print("not all events came");
            }
        }
    }

    /** A shell that sends us a signal and says so, and becomes a JVM that sends a message. */
    private static Command otherProcess(Path path) {
        return Command.of(
                "/bin/sh",
                "-c",
                "kill -USR1 \"$1\"; echo signalled; shift; exec \"$@\"",
                "sh",
                Long.toString(ProcessHandle.current().pid()),
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                OtherProcess.class.getName(),
                path.toString());
    }

    /** The main class of the other process: it knows nothing of Pumasi. */
    static final class OtherProcess {

        private OtherProcess() {}

        public static void main(String[] args) throws IOException {
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(args[0]));
                channel.write(ByteBuffer.wrap(MESSAGE.getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    private void connected(StreamSocket socket) {
        read(socket, "message");
    }

    /** One event for what is said there: it is short enough to come at once. */
    private void read(StreamSocket from, String kind) {
        Buffer buffer = Buffer.allocate(100);
        from.receive(buffer, 0, buffer.capacity()).onDone(outcome -> {
            if (outcome instanceof Success<? extends Integer>(Integer length)) {
                up(kind, buffer.utf8(0, length).strip());
            }
            from.close();
        });
    }

    private void up(String from, String what) {
        story.tell("up:   " + from + ": " + what);
        events.add(new Event(from, what, Thread.currentThread()));
        expected.countDown();
    }
}
