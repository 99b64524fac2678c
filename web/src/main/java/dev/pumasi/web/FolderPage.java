package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.FileAttributes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The page that lists a folder: folders first, both in alphabetical order; names escaped for HTML and for the URI.
 *
 * @param cut whether there are more entries than are shown
 */
record FolderPage(List<Entry> entries, boolean cut) {

    /** The most entries that are shown: each is asked for its size. */
    static final int ENTRIES_MAX = 5_000;

    private static final MediaType HTML = MediaType.of("text/html; charset=utf-8");

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** A file or folder in it. */
    record Entry(String name, boolean isFolder, long bytes, long modifiedNanos) {}

    /** What is known of one; empty if it has gone, or is neither a file nor a folder. */
    static Optional<Entry> entry(Loop loop, Path folder, String name) throws IOException {
        try {
            FileAttributes attributes = loop.files().status(folder.resolve(name));
            return switch (attributes.kind()) {
                case FILE, FOLDER ->
                    Optional.of(new Entry(
                            name,
                            attributes.kind() == FileAttributes.Kind.FOLDER,
                            attributes.length(),
                            attributes.modifiedNanos()));
                case SYMBOLIC_LINK, OTHER -> Optional.empty();
            };
        } catch (OperationException gone) {
            return Optional.empty();
        }
    }

    /** @param path of the folder, decoded */
    Response page(String path, boolean exactSize) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparing((Entry entry) -> !entry.isFolder).thenComparing(Entry::name));
        String title = "Index of " + html(path);
        StringBuilder page = new StringBuilder(256 + 200 * sorted.size())
                .append("<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>")
                .append(title)
                .append("</title>\n<style>body{font-family:sans-serif;margin:2em}table{border-spacing:1.5em .2em}")
                .append("td+td{text-align:right;color:#555}</style></head>\n<body><h1>")
                .append(title)
                .append("</h1>\n<table>\n");
        if (!path.equals("/")) {
            page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
        }
        for (Entry entry : sorted) {
            String slash = entry.isFolder ? "/" : "";
            // A name with a colon would be read as the scheme of a URI.
            page.append("<tr><td><a href=\"./")
                    .append(html(Redirects.escapedPath(entry.name)))
                    .append(slash)
                    .append("\">")
                    .append(html(entry.name))
                    .append(slash)
                    .append("</a></td><td>")
                    .append(TIME.format(Instant.ofEpochSecond(0, entry.modifiedNanos)))
                    .append("</td><td>")
                    .append(entry.isFolder ? "-" : exactSize ? Long.toString(entry.bytes) : rounded(entry.bytes))
                    .append("</td></tr>\n");
        }
        page.append("</table>\n");
        if (cut) {
            page.append("<p>Only ").append(ENTRIES_MAX).append(" entries are shown.</p>\n");
        }
        return Response.bytes(HTML, page.append("</body></html>\n").toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String rounded(long bytes) {
        if (bytes < 1024) {
            return Long.toString(bytes);
        }
        String units = "KMGTPE";
        double size = bytes;
        int unit = -1;
        while (size >= 1024 && unit < units.length() - 1) {
            size /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, size < 10 ? "%.1f%s" : "%.0f%s", size, units.charAt(unit));
    }

    static String html(String text) {
        StringBuilder made = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> made.append("&amp;");
                case '<' -> made.append("&lt;");
                case '>' -> made.append("&gt;");
                case '"' -> made.append("&quot;");
                case '\'' -> made.append("&#39;");
                default -> made.append(Character.isISOControl(c) ? '\uFFFD' : c);
            }
        }
        return made.toString();
    }
}
