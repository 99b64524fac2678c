package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakWatch.class)
final class HeldPortTest {

    private static final int OTHERS = 2_000;

    @Test
    void a_server_that_asks_for_it_may_come_go_and_come_back() throws IOException {
        try (HeldPort port = HeldPort.take()) {
            for (int i = 0; i < 3; i++) {
                assertThrows(ConnectException.class, () -> new Socket(InetAddress.getLoopbackAddress(), port.number()));
                try (ServerSocket server = new ServerSocket(port.number(), 1, InetAddress.getLoopbackAddress());
                        Socket client = new Socket(InetAddress.getLoopbackAddress(), port.number());
                        Socket accepted = server.accept()) {
                    assertEquals(client.getLocalPort(), accepted.getPort());
                }
            }
        }
    }

    @Test
    void who_takes_any_port_takes_another() throws IOException {
        List<ServerSocket> others = new ArrayList<>();
        try (HeldPort port = HeldPort.take()) {
            for (int i = 0; i < OTHERS; i++) {
                ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                others.add(other);
                assertNotEquals(port.number(), other.getLocalPort());
            }
        } finally {
            for (ServerSocket other : others) {
                other.close();
            }
        }
    }
}
