package dev.pumasi.http;

import dev.pumasi.runtime.driver.Drivers;
import java.util.Arrays;
import java.util.List;

/**
 * The drivers that tests run on: all there are. One that does not work here makes them fail, unless whoever runs them has
 * declared it absent: {@code -Dpumasi.drivers.absent=io_uring,…}.
 */
final class DriversHere {

    private DriversHere() {}

    static List<String> names() {
        List<String> absent =
                Arrays.asList(System.getProperty("pumasi.drivers.absent", "").split(","));
        return Drivers.names().stream().filter(name -> !absent.contains(name)).toList();
    }
}
