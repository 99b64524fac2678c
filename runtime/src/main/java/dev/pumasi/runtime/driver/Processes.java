package dev.pumasi.runtime.driver;

/** Processes as the driver sees them that they belong to. */
sealed interface Processes extends ProcessOperations permits DescriptorProcesses, NioProcesses {

    /**
     * The driver is being closed, and runs afterwards what has arrived: what is being started is ended, and what runs
     * is left to the JVM's reaper. Returns when no thread starts anything any more.
     */
    void closing();
}
