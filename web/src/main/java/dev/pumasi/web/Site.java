package dev.pumasi.web;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.runtime.Offload;
import dev.pumasi.web.conf.ConfException;
import dev.pumasi.web.conf.Problem;
import dev.pumasi.web.conf.Problems;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A site as a configuration file in nginx's manner describes it: its servers, their locations, and what stands behind them.
 *
 * <pre>{@code
 * try (Site site = Site.open(Path.of("site.conf"), System.getenv())) {
 *     HttpServer server = HttpServer.builder(site.endpoint()).address(site.addresses().getFirst()).start();
 *     ...
 * }
 * }</pre>
 *
 * <p><b>Read once, then fixed.</b> {@link #open} reads the file and all it includes, looks at each directive, and compiles the whole: names
 * into tables, locations into a tree, texts with variables into lists of parts. A request only walks through that. To take up a changed
 * file, open another site and exchange the endpoint; if that fails, the one there is goes on.
 *
 * <p><b>The same words mean the same as in nginx</b>, with its precedence of locations and its phases. Where something differs, cannot be
 * had or does nothing here, the reader says so: an error, or a {@link Problem.Level#NOTE}. The page docs/site-conf.md lists all of it.
 *
 * <p><b>What it will not do</b>: open sockets (whoever has a server does, at {@link #addresses}), or speak TLS. What it does open is
 * its access logs, when all else is known to be good: close the servers first, and the site behind them, so that no line is lost.
 *
 * <p>Any thread may call any method. {@link #open} and {@link #close} block.
 */
public final class Site implements AutoCloseable {

    private final SitePlan plan;
    private final Offload offload;
    private final SiteHandler handler;
    private final List<Problem> notes;
    private final Problems problems;

    private Site(SitePlan plan, Offload offload, Problems problems) {
        this.plan = plan;
        this.offload = offload;
        this.problems = problems;
        notes = problems.all();
        handler = new SiteHandler(plan.addresses(), plan.variables(), new GzipOutput.Workers(offload));
        plan.entrance().leadsTo(handler);
    }

    /**
     * Reads a configuration file.
     *
     * @param environment what {@code ${env:NAME}} refers to
     * @throws ConfException if it cannot be used; it says why, and nothing is left open
     */
    public static Site open(Path file, Map<String, String> environment) throws ConfException {
        Problems problems = new Problems();
        Optional<Site> site = open(file, environment, problems);
        return site.orElseThrow(() -> new ConfException(problems));
    }

    /** As {@link #open(Path, Map)}, with all that is to be said of it in {@code problems}; empty if it cannot be used. */
    public static Optional<Site> open(Path file, Map<String, String> environment, Problems problems) {
        Objects.requireNonNull(file, "file");
        Offload offload = Offload.open();
        Optional<SitePlan> plan = Optional.empty();
        try {
            plan = new SiteReader(file, problems, offload).read(environment);
        } finally {
            if (plan.isEmpty() || problems.isBroken()) {
                offload.close();
            }
        }
        return plan.filter(_ -> !problems.isBroken()).map(made -> new Site(made, offload, problems));
    }

    /** Who answers, at all addresses. */
    public Endpoint endpoint() {
        return handler;
    }

    /** Where to listen, in the order of the file. */
    public List<SocketAddress> addresses() {
        return plan.addresses().toListenOn();
    }

    /** What holds for the connections of an address, with all that is not said as in {@code base}. */
    public HttpLimits limits(SocketAddress address, HttpLimits base) {
        LimitReader.Limits said = plan.limits().get(address);
        HttpLimits.Builder limits = (said == null ? base : said.on(base)).toBuilder();
        limits.bodyBytesMax(plan.bodyBytesMax() == 0 ? Long.MAX_VALUE / 2 : plan.bodyBytesMax());
        if (plan.connectionsMax() > 0) {
            limits.connectionsMax(plan.connectionsMax());
        }
        return limits.build();
    }

    /** What {@code worker_processes} says, if it does. */
    public OptionalInt processes() {
        return plan.processes() == 0 ? OptionalInt.empty() : OptionalInt.of(plan.processes());
    }

    /** What does nothing here, or not quite what it says. */
    public List<Problem> notes() {
        return notes;
    }

    /** A note with the line it is about. */
    public String shown(Problem note) {
        return problems.shown(note);
    }

    /** What has been understood, for people: every server, its names and locations, and what answers there. */
    public String dump() {
        return SiteDump.of(plan);
    }

    /** Its access logs go on in the files that have their names then. Any thread; does not wait. */
    public void reopenLogs() {
        plan.logs().forEach(LogFile::reopen);
    }

    /** What has been written to its access logs, and what was lost because a disk was slower than the answers. Any thread. */
    public AccessLogStatus logStatus() {
        long lines = 0;
        long lost = 0;
        long writes = 0;
        for (LogFile each : plan.logs()) {
            AccessLogStatus status = each.status();
            lines += status.lines();
            lost += status.lost();
            writes += status.writes();
        }
        return new AccessLogStatus(lines, lost, writes);
    }

    /** Its addresses, for people. */
    public List<String> places() {
        return ListenReader.texts(addresses());
    }

    /** Ends the connections to other servers; requests that wait for them fail. */
    @Override
    public void close() {
        plan.proxies().forEach(Proxy::close);
        plan.applications().forEach(FastCgiGroup::close);
        plan.logs().forEach(LogFile::close);
        plan.upstreams().forEach(Upstream::close);
        offload.close();
    }
}
