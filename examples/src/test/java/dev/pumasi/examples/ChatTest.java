package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ChatTest extends EachDriver {

    private static final int FLOOD_LINES_MAX = 50_000;

    private Chat chat;

    @BeforeEach
    void open() throws IOException {
        chat = new Chat(story, driver, 0);
    }

    @AfterEach
    void close() {
        chat.close();
    }

    @Test
    void everybodyHearsWhatOneSays() throws IOException {
        try (Guest ann = enter("ann", 1);
                Guest bob = enter("bob", 2)) {
            ann.hears("bob is here; 2 in the room");
            ann.say("hi");
            ann.hears("ann: hi");
            bob.hears("ann: hi");
            bob.say("안녕");
            ann.hears("bob: 안녕");
            bob.hears("bob: 안녕");
        }
    }

    @Test
    void whoLeavesIsMissedAndMayComeBack() throws IOException {
        try (Guest ann = enter("ann", 1)) {
            enter("bob", 2).close();
            ann.hears("bob is here; 2 in the room");
            ann.hears("bob has left; 1 in the room");
            enter("bob", 2).close();
        }
    }

    @Test
    void aNameIsTakenOnlyOnce() throws IOException {
        try (Guest ann = enter("ann", 1)) {
            try (Guest other = knock("ann")) {
                other.hears("this name is taken, or none, or the room is full");
                other.hearsNoMore();
            }
        }
    }

    @Test
    void manyShortLinesAtOnceDoNotThrowOutThoseWhoRead() throws Exception {
        int lines = 20 * Chat.MAILBOX_LINES_MAX;
        try (Guest ann = enter("ann", 1)) {
            Thread speaker = Thread.ofPlatform().daemon().start(() -> ann.sayUnchecked("\n".repeat(lines)));
            for (int i = 0; i < lines; i++) {
                ann.hears("ann: ");
            }
            speaker.join();
        }
    }

    /** One that never reads fills its buffers, then its mailbox, and is shown the door; nobody else waits for it. */
    @Test
    void whoDoesNotReadIsShownTheDoor() throws IOException {
        try (Guest ann = enter("ann", 1);
                Guest deaf = enter("deaf", 2)) {
            ann.hears("deaf is here; 2 in the room");
            String line = "x".repeat(1000);
            String heard = "";
            for (int i = 0; i < FLOOD_LINES_MAX && !heard.startsWith("deaf has left"); i++) {
                ann.say(line);
                heard = ann.in.readLine();
            }
            assertEquals("deaf has left; 1 in the room", heard);
            deaf.socket.close();
        }
    }

    @Test
    void aLineThatIsTooLongEndsItsConnectionOnly() throws IOException {
        try (Guest ann = enter("ann", 1)) {
            try (Guest wordy = knock("x".repeat(Chat.LINE_BYTES_MAX + 1))) {
                wordy.hearsNoMore();
            }
            ann.say("still here");
            ann.hears("ann: still here");
        }
    }

    /** Comes in and is greeted. */
    private Guest enter(String name, int inTheRoom) throws IOException {
        Guest guest = knock(name);
        guest.hears(name + " is here; " + inTheRoom + " in the room");
        return guest;
    }

    /** Gives a name and waits for nothing. */
    private Guest knock(String name) throws IOException {
        Guest guest = new Guest(chat.port());
        guest.say(name);
        return guest;
    }

    /** A client with small buffers. */
    private static final class Guest implements AutoCloseable {

        private static final int BUFFER_BYTES = 8192;

        private final Socket socket = new Socket();
        private final BufferedReader in;
        private final OutputStream out;

        Guest(int port) throws IOException {
            socket.setReceiveBufferSize(BUFFER_BYTES);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.setTcpNoDelay(true);
            in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            out = socket.getOutputStream();
        }

        void say(String line) throws IOException {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        void sayUnchecked(String text) {
            try {
                out.write(text.getBytes(StandardCharsets.UTF_8));
            } catch (IOException gone) {
                // The reader notices.
            }
        }

        void hears(String expected) throws IOException {
            assertEquals(expected, in.readLine());
        }

        /** The stream ends, or breaks where the other end had not read everything. */
        void hearsNoMore() {
            try {
                assertEquals(null, in.readLine());
            } catch (IOException reset) {
                assertTrue(reset.getMessage().contains("reset"), reset.getMessage());
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
