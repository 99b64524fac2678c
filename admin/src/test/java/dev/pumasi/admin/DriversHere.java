package dev.pumasi.admin;

import dev.pumasi.runtime.driver.Drivers;
import java.util.Arrays;
import java.util.List;

/** The drivers that tests run on. */
final class DriversHere {

    private DriversHere() {}

    static List<String> names() {
        List<String> absent =
                Arrays.asList(System.getProperty("pumasi.drivers.absent", "").split(","));
        return Drivers.names().stream().filter(name -> !absent.contains(name)).toList();
    }
}
