package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a file is, by the end of its name. Text is said to be UTF-8. What is not in the table is {@code
 * application/octet-stream}, which browsers save instead of showing.
 *
 * <p>Source: IANA's registry of media types; for JavaScript RFC 9239, for the letters of fonts RFC 8081.
 */
final class MediaTypes {

    private static final String UTF_8 = "; charset=utf-8";

    /** A type, then the extensions of files that have it. */
    private static final String TABLE = """
            text/html html htm
            text/css css
            text/javascript js mjs cjs
            text/plain txt text log md conf ini properties java c h cpp hpp py rs go sh
            text/csv csv
            text/tab-separated-values tsv
            text/calendar ics
            text/vcard vcf
            text/vtt vtt
            text/xml xml xsl xsd
            application/xhtml+xml xhtml
            application/json json map
            application/ld+json jsonld
            application/geo+json geojson
            application/manifest+json webmanifest
            application/rss+xml rss
            application/atom+xml atom
            application/yaml yaml yml
            application/toml toml
            application/sql sql
            application/wasm wasm
            application/pdf pdf
            application/rtf rtf
            application/epub+zip epub
            application/zip zip
            application/gzip gz tgz
            application/zstd zst
            application/x-bzip2 bz2
            application/x-xz xz
            application/x-tar tar
            application/x-7z-compressed 7z
            application/vnd.rar rar
            application/java-archive jar war
            application/msword doc
            application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
            application/vnd.ms-excel xls
            application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
            application/vnd.ms-powerpoint ppt
            application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
            application/vnd.oasis.opendocument.text odt
            application/x-hwp hwp
            application/hwp+zip hwpx
            image/png png apng
            image/jpeg jpg jpeg jfif
            image/gif gif
            image/webp webp
            image/avif avif
            image/svg+xml svg
            image/bmp bmp
            image/tiff tif tiff
            image/heic heic
            image/jxl jxl
            image/vnd.microsoft.icon ico cur
            font/woff woff
            font/woff2 woff2
            font/ttf ttf
            font/otf otf
            audio/mpeg mp3
            audio/mp4 m4a
            audio/aac aac
            audio/ogg oga ogg opus
            audio/wav wav
            audio/flac flac
            audio/midi mid midi
            audio/webm weba
            video/mp4 mp4 m4v
            video/mpeg mpeg mpg
            video/ogg ogv
            video/webm webm
            video/quicktime mov
            video/x-msvideo avi
            video/x-matroska mkv
            video/mp2t ts
            application/vnd.apple.mpegurl m3u8
            application/dash+xml mpd
            """;

    private static final Map<String, MediaType> BY_EXTENSION = read();

    private MediaTypes() {}

    /** The type of a file of that name. */
    static MediaType of(String fileName) {
        int dot = fileName.lastIndexOf('.');
        return dot < 0
                ? MediaType.OCTETS
                : BY_EXTENSION.getOrDefault(fileName.substring(dot + 1).toLowerCase(Locale.ROOT), MediaType.OCTETS);
    }

    /** The whole table, with another character set for the types that have one. */
    static Map<String, MediaType> table(Charset charset) {
        Map<String, MediaType> table = new HashMap<>();
        for (String line : TABLE.split("\n")) {
            String[] words = line.split(" ");
            MediaType type = charset.on(MediaType.of(words[0]));
            for (int i = 1; i < words.length; i++) {
                if (table.put(words[i], type) != null) {
                    throw new IllegalStateException("two types for ." + words[i]);
                }
            }
        }
        return Map.copyOf(table);
    }

    private static Map<String, MediaType> read() {
        Map<String, MediaType> table = new HashMap<>(table(Charset.NONE));
        table.replaceAll((_, type) -> isText(type.name()) ? MediaType.of(type.name() + UTF_8) : type);
        return Map.copyOf(table);
    }

    /** JSON is UTF-8 by definition and has no such parameter (RFC 8259 section 11). */
    private static boolean isText(String type) {
        return type.startsWith("text/") || type.endsWith("+xml") || type.equals("application/sql");
    }
}
