package dev.pumasi.web;

import dev.pumasi.http.HttpLimits;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.util.List;
import java.util.Optional;

/**
 * Reads what holds for connections before it is known which server they want: those limits are of the address, and its
 * default server says them.
 */
final class LimitReader {

    /** 24 days. */
    private static final int NEVER_MILLIS = Integer.MAX_VALUE;

    private static final List<String> OF_CONNECTIONS = List.of(
            "keepalive_timeout",
            "keepalive_requests",
            "client_header_timeout",
            "client_body_timeout",
            "send_timeout",
            "large_client_header_buffers");

    /** What is said; the rest is as it is unless told. */
    record Limits(
            Optional<Integer> idleMillis,
            Optional<Integer> requests,
            Optional<Integer> headMillis,
            Optional<Integer> bodyMillis,
            Optional<Integer> sendMillis,
            Optional<Integer> lineBytes,
            Optional<Integer> headBytes) {

        HttpLimits on(HttpLimits base) {
            HttpLimits.Builder made = base.toBuilder();
            idleMillis.ifPresent(made::idleTimeoutMillis);
            requests.ifPresent(made::requestsPerConnectionMax);
            headMillis.ifPresent(made::headTimeoutMillis);
            bodyMillis.ifPresent(made::bodyTimeoutMillis);
            sendMillis.ifPresent(made::writeTimeoutMillis);
            lineBytes.ifPresent(bytes -> made.requestLineBytesMax(bytes).fieldLineBytesMax(bytes));
            headBytes.ifPresent(made::headBytesMax);
            return made.build();
        }
    }

    private final SiteReader site;

    LimitReader(SiteReader site) {
        this.site = site;
    }

    /** @param all the servers of the address, {@code first} among them */
    Limits limits(SiteBlock first, List<SiteBlock> all) {
        for (SiteBlock other : all) {
            for (String name : OF_CONNECTIONS) {
                Optional<Directive> own = other.own(name);
                if (other != first && own.isPresent() && !first.word(name).equals(other.word(name))) {
                    site.note(
                            own.get().name(),
                            "'" + name + "' has no effect here",
                            "it is looked at before the name is known, so that of the address's default server counts");
                }
            }
        }
        Optional<Word> lines = word(first, "large_client_header_buffers", 1);
        Optional<Integer> line = lines.map(word -> between(word, 1024, HttpLimits.HEAD_BYTES_CEILING));
        Optional<Integer> head = word(first, "large_client_header_buffers", 0)
                .flatMap(count -> line.map(
                        bytes -> (int) Math.min(HttpLimits.HEAD_BYTES_CEILING, site.number(count, 1, 1024) * bytes)));
        return new Limits(
                millis(first, "keepalive_timeout"),
                word(first, "keepalive_requests", 0).map(word -> (int) site.number(word, 1, Integer.MAX_VALUE)),
                millis(first, "client_header_timeout"),
                millis(first, "client_body_timeout"),
                millis(first, "send_timeout"),
                line,
                head);
    }

    private int between(Word word, long least, long most) {
        long bytes = site.bytes(word);
        if (bytes > most) {
            site.note(word, "'" + word + "' is more than is possible", "it is " + most + " bytes");
        }
        return (int) Math.clamp(bytes, least, most);
    }

    private static Optional<Word> word(SiteBlock block, String name, int index) {
        return block.nearest(name).map(directive -> directive.arguments().get(index));
    }

    /** That 0 keeps no connection is the location's affair; of the others it means for ever. */
    private Optional<Integer> millis(SiteBlock block, String name) {
        Optional<Integer> millis = word(block, name, 0).map(site::millis);
        return name.equals("keepalive_timeout")
                ? millis.filter(each -> each > 0)
                : millis.map(each -> each == 0 ? NEVER_MILLIS : each);
    }
}
