package dev.pumasi.examples;

import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs an example on each driver, as its user would, and sees that it leaves nothing behind and logs nothing. A
 * driver that this machine lacks is reported as not tested, with the reason.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class EachDriver {

    @Parameter
    String driver = Drivers.AUTO;

    /** Tells nobody. */
    final Story story = new Story(new PrintStream(OutputStream.nullOutputStream()));

    static List<String> drivers() {
        return Drivers.names();
    }

    @BeforeEach
    final void theDriverWorksHere() {
        Drivers.refusal(driver).ifPresent(reason -> Assumptions.abort("not tested here: " + reason));
    }
}
