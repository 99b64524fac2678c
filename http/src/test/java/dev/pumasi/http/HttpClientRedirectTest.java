package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientException.Reason;
import dev.pumasi.testkit.RawServer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Redirects (RFC 9110 section 15.4) and upgrades (section 7.8). */
@OnEachDriver
final class HttpClientRedirectTest extends Asking {

    /** Says what it was asked, or sends elsewhere: {@code /STATUS?LOCATION}. */
    private RawServer sending() throws Exception {
        return raw(peer -> {
            for (String head = peer.head(); !head.isEmpty(); head = peer.head()) {
                int length = head.contains("Content-Length: ")
                        ? Integer.parseInt(head.replaceAll("(?s).*Content-Length: (\\d+).*", "$1"))
                        : 0;
                String body = peer.bytes(length);
                String target = head.split(" ")[1];
                if (target.matches("/3\\d\\d\\?.*")) {
                    peer.send("HTTP/1.1 " + target.substring(1, 4) + " x\r\nLocation: " + target.substring(5)
                            + "\r\nContent-Length: 4\r\n\r\nthat");
                } else {
                    String said = head.split(" ")[0] + " " + target + " " + body
                            + (head.contains("Authorization") ? " credentials" : "")
                            + (head.contains("Content-Type") ? " type" : "");
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + said.length() + "\r\n\r\n" + said);
                }
            }
        });
    }

    private ClientRequest request(String method, String uri) {
        ClientRequest request = ClientRequest.of(method, uri).withRedirects(5).withHeader("Authorization", "Basic x");
        return method.equals("GET") ? request : request.withBody(MediaType.TEXT, Wire.octets("body"));
    }

    @Test
    void methodsAndBodies() throws Exception {
        RawServer raw = sending();
        assertEquals("200 GET /a/c  credentials", ask(request("GET", raw.uri("/301?/a/b/../c"))));
        for (int status : List.of(301, 302, 303)) {
            assertEquals("200 GET /x  credentials", ask(request("POST", raw.uri("/" + status + "?/x"))));
        }
        for (int status : List.of(307, 308)) {
            assertEquals("200 POST /x body credentials type", ask(request("POST", raw.uri("/" + status + "?/x"))));
        }
        assertEquals("200 PUT /x body credentials type", ask(request("PUT", raw.uri("/301?/x"))));
        assertEquals("200 GET /x  credentials", ask(request("PUT", raw.uri("/303?/x"))));
        assertEquals(8, client.status().redirects());
        assertEquals(1, raw.connections());
    }

    @Test
    void credentialsStayAtHome() throws Exception {
        RawServer raw = sending();
        RawServer other = sending();
        assertEquals("200 GET /x ", ask(request("GET", raw.uri("/302?" + other.uri("/x")))));
        assertEquals("200 GET /x  credentials", ask(request("GET", raw.uri("/302?" + raw.uri("/x")))));
    }

    @Test
    void whatIsNotFollowedIsHandedOver() throws Exception {
        RawServer raw = sending();
        String loop = raw.uri("/302?/302");
        assertEquals("302 that", ask(ClientRequest.get(loop)));
        assertEquals("302 that", ask(request("GET", raw.uri("/302?https://soup.example/"))));
        assertEquals("302 that", ask(request("GET", raw.uri("/302?http://[x/"))));
        assertEquals("304 ", ask(request("GET", raw.uri("/304?/x"))));
        assertEquals(
                "307 that",
                ask(ClientRequest.of("PUT", raw.uri("/307?/x"))
                        .withRedirects(1)
                        .withStream(2, out -> out.write(new byte[2]))));
        RawServer round = answering("HTTP/1.1 302 x\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
        assertEquals("302 ", ask(request("GET", round.uri("/"))));
        assertEquals(5, client.status().redirects());
    }

    @Test
    void anUpgradeIsATunnelBothWays() throws Exception {
        RawServer raw = raw(peer -> {
            String head = peer.head();
            assertTrue(head.contains("\r\nConnection: Upgrade\r\nUpgrade: echo\r\n"), head);
            peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: Echo\r\n\r\nfirst");
            for (int i = 0; i < 100; i++) {
                peer.send(peer.bytes(1000));
            }
            peer.send("last");
            assertEquals(0, peer.drain());
        });
        onGreen(() -> {
            ClientResponse response =
                    client.send(ClientRequest.get(raw.uri("/")).withUpgrade("echo"));
            assertEquals(101, response.status());
            try (Tunnel tunnel = response.tunnel()) {
                byte[] some = new byte[200_000];
                loop.spawn(() -> {
                    for (int i = 0; i < 100; i++) {
                        tunnel.write(new byte[1000], 0, 1000);
                        tunnel.flush();
                    }
                    tunnel.endOutput();
                });
                int count = 0;
                for (int read = tunnel.read(some, 0, some.length);
                        read >= 0;
                        read = tunnel.read(some, 0, some.length)) {
                    count += read;
                }
                assertEquals(100_009, count);
            }
            return null;
        });
    }

    @Test
    void anUpgradeThatNobodyAskedFor() throws Exception {
        RawServer raw = answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n");
        assertEquals(
                Optional.of(Violation.UPGRADE_UNASKED),
                refused(ClientRequest.get(raw.uri("/"))).violation());
        ClientException other = refused(ClientRequest.get(raw.uri("/")).withUpgrade("websocket"));
        assertEquals(Reason.VIOLATED, other.reason());
        RawServer refusing = answering("HTTP/1.1 426 No\r\nContent-Length: 0\r\n\r\n");
        assertEquals("426 ", ask(ClientRequest.get(refusing.uri("/")).withUpgrade("websocket")));
    }

    @Test
    void requestsThatCannotBeSent() {
        for (String uri : List.of(
                "https://a/",
                "ftp://a",
                "a",
                "/",
                "http://",
                "http://a:0/",
                "http://a:65536/",
                "http://a:x/",
                "http://u@a/",
                "http://a/ b",
                "http://a/\r\nX: y",
                "http://a/\u00e9",
                "http://[::1/",
                "http://::1/")) {
            assertThrows(IllegalArgumentException.class, () -> ClientRequest.get(uri), uri);
        }
        ClientRequest good = ClientRequest.get("HTTP://[::1]:81?a=b|c#d");
        assertEquals("http://[::1]:81/?a=b|c", good.uri());
        for (String name : List.of("Host", "content-length", "Transfer-Encoding", "a b", "")) {
            assertThrows(IllegalArgumentException.class, () -> good.withHeader(name, "1"), name);
        }
        assertThrows(IllegalArgumentException.class, () -> good.withHeader("X", "a\r\nb"));
        assertThrows(IllegalArgumentException.class, () -> ClientRequest.of("G T", "http://a/"));
        assertThrows(IllegalArgumentException.class, () -> ClientRequest.of("CONNECT", "http://a/"));
        assertThrows(
                IllegalArgumentException.class,
                () -> ClientLimits.builder().connectionsMax(0).build());
    }
}
