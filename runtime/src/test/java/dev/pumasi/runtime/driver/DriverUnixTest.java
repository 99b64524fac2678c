package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unix domain sockets: streams whose addresses are paths. */
final class DriverUnixTest extends EachDriver {

    @TempDir
    Path folder;

    private SocketAddress at(String name) {
        return UnixDomainSocketAddress.of(folder.resolve(name));
    }

    @Test
    void aConnectionIsMadeByPath() {
        int listener = rig.listen(at("socket"));
        assertEquals(at("socket"), driver.localAddress(listener));
        DriverRig.Pair pair = rig.pair(listener);
        assertEquals(at("socket"), driver.remoteAddress(pair.client()));
        assertEquals(UnixDomainSocketAddress.of(""), driver.remoteAddress(pair.server()));
        long atServer = rig.receive(pair.server());
        long atClient = rig.receive(pair.client());

        rig.sendAll(pair.client(), "question");
        assertEquals("question", rig.text(atServer, 8));
        rig.sendAll(pair.server(), "answer");
        assertEquals("answer", rig.text(atClient, 6));

        rig.cancelAndEnd(atClient);
        rig.close(pair.client());
        assertEquals(0, rig.result(atServer));
    }

    @Test
    void aPathThatIsThereAlreadyIsTaken() {
        rig.listen(at("socket"));

        assertEquals(-Errno.EADDRINUSE, driver.listen(at("socket"), 8, false));
    }

    @Test
    void aPathThatIsTooLongIsRefused() {
        assertEquals(-Errno.ENAMETOOLONG, driver.listen(at("x".repeat(108)), 8, false));
    }

    @Test
    void whereNothingIsNobodyAnswers() throws Exception {
        int first = rig.opened(driver.openStream(at("nothing")));
        assertEquals(-Errno.ENOENT, rig.result(rig.connect(first, at("nothing"))));

        int listener = rig.listen(at("left"));
        rig.close(listener);
        rig.settle();
        int second = rig.opened(driver.openStream(at("left")));
        assertEquals(-Errno.ECONNREFUSED, rig.result(rig.connect(second, at("left"))));
        Files.delete(folder.resolve("left"));
    }

    @Test
    void optionsOfTcpAreUnknownToIt() {
        DriverRig.Pair pair = rig.pair(rig.listen(at("socket")));

        assertEquals(-Errno.ENOPROTOOPT, driver.setOption(pair.server(), SocketOption.NO_DELAY, 1));
        assertEquals(-Errno.ENOPROTOOPT, driver.option(pair.server(), SocketOption.NO_DELAY));
    }
}
