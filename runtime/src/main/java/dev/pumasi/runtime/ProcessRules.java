package dev.pumasi.runtime;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What holds for a child process once it runs. */
record ProcessRules(
        String name, @Nullable Duration timeLimit, Duration patience, boolean takesGroupAlong, boolean outlivesLoop) {}
