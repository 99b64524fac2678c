package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class OneThreadTest extends EachDriver {

    private static final int MILLIS = 100;

    @Test
    void fiveDownloadsOverlapOnFiveThreadsAndOnOne() throws Exception {
        List<OneThread.Road> roads = OneThread.run(story, driver, MILLIS);

        for (OneThread.Road road : roads) {
            assertEquals(OneThread.DOWNLOADS, road.mostAtOnce(), road.name() + ": as seen by the server");
            assertEquals(
                    List.of("download 1", "download 2", "download 3", "download 4", "download 5"),
                    road.downloads().stream().map(download -> download.got).toList());
        }
        assertEquals(OneThread.DOWNLOADS, roads.getFirst().threads().size());
        assertEquals(Set.of(Thread.currentThread()), roads.getLast().threads());
    }
}
