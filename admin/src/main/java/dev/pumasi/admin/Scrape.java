package dev.pumasi.admin;

import dev.pumasi.admin.Samples.Sample;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What {@code /metrics} answers: the figures of loops, servers and parts, by way of Micrometer, in the format of OpenMetrics 1.0.
 *
 * <p>Nothing is counted for it. At the beginning of a scrape everything is read once ({@link Samples}), on a pool's thread; what has come
 * since the last one (a loop, a pool, a topic, a worker) gets its meters, and what has gone loses them. An application adds meters of its own
 * to {@link #registry}.
 */
final class Scrape {

    static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    static final String PLAIN = "text/plain; version=0.0.4; charset=utf-8";

    /** How many meters the page makes; what is beyond gets none, and is counted. */
    static final int METERS_MAX = 20_000;

    private final Samples samples;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** The meters that come and go. */
    private final Map<Samples.Name, Meter> meters = new HashMap<>();

    /** Of the last scrape, and replaced as a whole: meters read it, also those that somebody reads between scrapes. */
    private volatile Map<Samples.Name, Sample> now = Map.of();

    private volatile int leftOut;

    Scrape(Observed observed, Crews crews) {
        samples = new Samples(observed, crews);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        Gauge.builder("pumasi.ready", observed, of -> of.readiness() == Readiness.READY ? 1 : 0)
                .description("1 if requests should be sent here")
                .register(registry);
        Gauge.builder("pumasi.meters.left.out", this, of -> of.leftOut)
                .description("figures without a meter, because there are " + METERS_MAX)
                .register(registry);
    }

    MeterRegistry registry() {
        return registry;
    }

    /** The exposition, of that content type. Blocks; one at a time. */
    synchronized String text(String contentType) {
        bring();
        return registry.scrape(contentType);
    }

    /** The format that the client asked for: OpenMetrics, unless it names only plain text. */
    static String contentType(String accept) {
        return !accept.contains("openmetrics") && accept.contains("text/plain") ? PLAIN : OPEN_METRICS;
    }

    /** Makes meters for what has come, and drops those of what has gone. */
    private void bring() {
        Map<Samples.Name, Sample> taken = new LinkedHashMap<>();
        samples.take().forEach(sample -> taken.putIfAbsent(sample.name(), sample));
        now = taken;
        meters.entrySet().removeIf(entry -> {
            boolean gone = !taken.containsKey(entry.getKey());
            if (gone) {
                registry.remove(entry.getValue());
            }
            return gone;
        });
        for (Sample sample : taken.values()) {
            if (meters.size() < METERS_MAX) {
                meters.computeIfAbsent(sample.name(), _ -> meter(sample));
            }
        }
        leftOut = taken.size() - meters.size();
    }

    private Meter meter(Sample sample) {
        Samples.Name name = sample.name();
        return sample.grows()
                ? FunctionCounter.builder(name.name(), this, of -> of.value(name))
                        .description(sample.help())
                        .tags(name.tags())
                        .register(registry)
                : Gauge.builder(name.name(), this, of -> of.value(name))
                        .description(sample.help())
                        .tags(name.tags())
                        .register(registry);
    }

    private double value(Samples.Name name) {
        Sample sample = now.get(name);
        return sample == null ? Double.NaN : sample.value();
    }
}
