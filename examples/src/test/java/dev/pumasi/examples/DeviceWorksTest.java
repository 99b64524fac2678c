package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeviceWorksTest extends EachDriver {

    @TempDir
    Path folder;

    @Test
    void theDiskWorksBesideTheCpuOnOneThread() throws Exception {
        List<DeviceWorks.Way> ways = DeviceWorks.run(story, driver, folder);

        assertEquals(0, ways.getFirst().besides(), "one after another");
        assertEquals(DeviceWorks.BLOCKS, ways.getLast().besides(), "overlapped");
        assertEquals(ways.getFirst().checksum(), ways.getLast().checksum());
        for (DeviceWorks.Way way : ways) {
            assertEquals(Set.of(Thread.currentThread()), way.threads(), way.name());
        }
        assertEquals(0, folder.toFile().list().length, "nothing is left");
    }
}
