package dev.pumasi.runtime.driver;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The drivers by the names that users give them, and the choice of the best that works here. {@code auto} tries them in
 * the order of {@link #names}; each can be forced by its name.
 */
public final class Drivers {

    /** Takes the best that works. */
    public static final String AUTO = "auto";

    /**
     * What was chosen.
     *
     * @param name the driver's name
     * @param reason one line for the user: why this one
     * @param factory opens one for each loop
     */
    public record Choice(String name, String reason, DriverFactory factory) {}

    private record Known(String name, Supplier<Optional<String>> refusal, DriverFactory factory) {}

    /** From the best to the most portable. */
    private static final List<Known> KNOWN = List.of(
            new Known(UringDriver.NAME, UringDriver::refusal, UringDriver::new),
            new Known(EpollDriver.NAME, Drivers::libcRefusal, EpollDriver::new),
            new Known(PollDriver.NAME, Drivers::libcRefusal, PollDriver::new),
            new Known(SelectDriver.NAME, Drivers::libcRefusal, SelectDriver::new),
            new Known(NioDriver.NAME, Optional::empty, NioDriver::new));

    private Drivers() {}

    /** The names of all drivers, best first. */
    public static List<String> names() {
        return KNOWN.stream().map(Known::name).toList();
    }

    /**
     * The driver of this name, or the best for {@link #AUTO}.
     *
     * @throws IllegalArgumentException for an unknown name
     * @throws DriverUnavailableException if it does not work here; the message says why and what works
     */
    public static Choice choose(String name) {
        return name.equals(AUTO) ? chooseBest() : chooseNamed(name);
    }

    /** Why the driver of this name cannot be used here, or empty if it can. */
    public static Optional<String> refusal(String name) {
        return known(name).refusal.get();
    }

    private static Choice chooseBest() {
        StringBuilder passedOver = new StringBuilder();
        for (Known candidate : KNOWN) {
            Optional<String> refusal = candidate.refusal.get();
            if (refusal.isEmpty()) {
                String reason = passedOver.isEmpty()
                        ? candidate.name + ": the best there is, and it works here"
                        : candidate.name + passedOver;
                return new Choice(candidate.name, reason, candidate.factory);
            }
            passedOver
                    .append(passedOver.isEmpty() ? ", because " : "; ")
                    .append("not ")
                    .append(candidate.name)
                    .append(": ")
                    .append(refusal.get());
        }
        throw new DriverUnavailableException("no driver works here" + passedOver);
    }

    private static Choice chooseNamed(String name) {
        Known wanted = known(name);
        Optional<String> refusal = wanted.refusal.get();
        if (refusal.isPresent()) {
            List<String> others = KNOWN.stream()
                    .filter(other -> other.refusal.get().isEmpty())
                    .map(Known::name)
                    .toList();
            throw new DriverUnavailableException("driver " + name + " does not work here: " + refusal.get()
                    + " — these do: " + String.join(", ", others) + ", or leave the choice to auto");
        }
        return new Choice(name, name + ": as asked for", wanted.factory);
    }

    private static Known known(String name) {
        return KNOWN.stream()
                .filter(known -> known.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no driver is called " + name + " — there are auto, "
                        + String.join(", ", names()) + " (case matters)"));
    }

    private static Optional<String> libcRefusal() {
        return Libc.isSupported() ? Optional.empty() : Optional.of(Libc.unsupportedReason());
    }
}
