package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs a test class once for each driver, with a rig for each test, and counts the descriptors afterwards. A driver that
 * this machine lacks is reported as not tested, with the reason.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(DriverUnderTest.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class EachDriver {

    /** Small enough that some tests need several turns for what is ready at once. */
    private static final int COMPLETIONS_PER_TURN = 64;

    private static final long DEADLINE_NANOS = 10_000_000_000L;

    @Parameter
    DriverUnderTest kind;

    DriverRig rig;
    Driver driver;
    private int descriptorsBefore;

    @BeforeEach
    final void open() {
        // The first socket of a JVM leaves descriptors of its own behind.
        try (Driver first = openOrReport()) {
            first.close(first.listen(DriverRig.LOOPBACK, 1, false));
        }
        descriptorsBefore = DescriptorCount.now();
        driver = openOrReport();
        rig = new DriverRig(driver, COMPLETIONS_PER_TURN);
    }

    final Driver openOrReport() {
        try {
            return kind.open();
        } catch (DriverUnavailableException lacking) {
            return Assumptions.abort("not tested here: " + lacking.getMessage());
        }
    }

    @AfterEach
    final void close() {
        if (rig != null) {
            rig.close();
            long begin = System.nanoTime();
            while (DescriptorCount.now() != descriptorsBefore && System.nanoTime() - begin < DEADLINE_NANOS) {
                LockSupport.parkNanos(1_000_000);
            }
            assertEquals(descriptorsBefore, DescriptorCount.now(), "descriptors after the test");
        }
    }
}
