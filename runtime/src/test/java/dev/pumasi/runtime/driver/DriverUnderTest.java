package dev.pumasi.runtime.driver;

/** Every driver with a kernel beneath it, in each of its forms: each test of the contract runs on each of them. */
enum DriverUnderTest {
    IO_URING(UringDriver::new),
    EPOLL(EpollDriver::new),
    EPOLL_BEFORE_LINUX_5_11(EpollDriver::inMillis),
    POLL(PollDriver::new),
    SELECT(SelectDriver::new),
    NIO(NioDriver::new);

    private final DriverFactory factory;

    DriverUnderTest(DriverFactory factory) {
        this.factory = factory;
    }

    /** @throws DriverUnavailableException if it does not work on this machine; the message says why */
    Driver open() {
        return factory.open();
    }
}
