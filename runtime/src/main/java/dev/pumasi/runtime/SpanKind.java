package dev.pumasi.runtime;

/**
 * What a span of a {@link Recording} is: {@code request}, {@code query}. Made once and kept in a constant.
 *
 * <pre>{@code
 * private static final SpanKind QUERY = SpanKind.of("query");
 *
 * long span = loop.beginSpan(QUERY);     // 0, and nothing noted, unless the loop is recorded
 * …
 * loop.endSpan(QUERY, span);
 * }</pre>
 */
public final class SpanKind {

    final int label;

    private SpanKind(int label) {
        this.label = label;
    }

    /** The kind of this name. */
    public static SpanKind of(String name) {
        return new SpanKind(Labels.of(name));
    }
}
