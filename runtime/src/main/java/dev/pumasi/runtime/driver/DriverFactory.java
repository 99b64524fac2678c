package dev.pumasi.runtime.driver;

/** Opens a driver for one loop, on that loop's thread. */
@FunctionalInterface
public interface DriverFactory {

    /** @throws DriverUnavailableException if it does not work here */
    Driver open();
}
