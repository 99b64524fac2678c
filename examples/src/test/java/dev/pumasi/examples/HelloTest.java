package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class HelloTest extends EachDriver {

    @Test
    void eachStyleOfHandlerAnswers() throws IOException {
        try (HttpServer server = HttpServer.builder(Hello.router())
                .port(0)
                .loops(1)
                .driver(driver)
                .start()) {
            assertAnswer(server, "/hello/you", "200 OK", "Hello, you!\n");
            assertAnswer(server, "/slow", "200 OK", "worth waiting for\n");
            assertAnswer(server, "/later", "200 OK", "called back\n");
            assertAnswer(server, "/nothing", "404 Not Found", "404 Not Found\n");
        }
    }

    private static void assertAnswer(HttpServer server, String path, String status, String body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getByName("localhost"), server.port())) {
            String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertTrue(answer.startsWith("HTTP/1.1 " + status + "\r\n"), answer);
            assertEquals(body, answer.substring(answer.indexOf("\r\n\r\n") + 4));
        }
    }
}
