package dev.pumasi.web;

import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Compiles {@code log_format} and {@code access_log}. Places that name the same file share it. */
final class LogReader {

    private static final String COMBINED = "combined";

    private final SiteReader site;
    private final Map<String, LogFormat> formats = new HashMap<>();
    private final Map<Path, LogFile> files = new LinkedHashMap<>();
    private final Map<Path, Word> named = new HashMap<>();

    LogReader(SiteReader site) {
        this.site = site;
        formats.put(COMBINED, LogFormat.parse(LogFormat.COMBINED, LogFormat.Escape.DEFAULT, site.variables()));
    }

    List<LogFile> all() {
        return List.copyOf(files.values());
    }

    /** A {@code log_format} of {@code http}. */
    void format(Directive directive) {
        Word name = directive.arguments().getFirst();
        LogFormat.Escape escape = LogFormat.Escape.DEFAULT;
        StringBuilder text = new StringBuilder();
        Word first = directive.arguments().get(1);
        for (Word word : directive.arguments().subList(1, directive.arguments().size())) {
            if (word == first && word.text().startsWith("escape=")) {
                switch (word.text()) {
                    case "escape=default" -> {}
                    case "escape=json" -> escape = LogFormat.Escape.JSON;
                    case "escape=none" -> escape = LogFormat.Escape.NONE;
                    default -> site.error(word, "'" + word + "' is no way to escape", "escape=default, json or none");
                }
            } else {
                text.append(word.text());
            }
        }
        try {
            if (text.indexOf("\n") >= 0) {
                throw new IllegalArgumentException("a line of a log is one line");
            }
            LogFormat made = LogFormat.parse(text.toString(), escape, site.variables());
            if (formats.putIfAbsent(name.text(), made) != null) {
                site.error(name, "the format '" + name + "' is there already", "use another name");
            }
        } catch (IllegalArgumentException wrong) {
            formats.putIfAbsent(name.text(), LogFormat.parse("", escape, site.variables()));
            site.error(
                    first,
                    String.valueOf(wrong.getMessage()),
                    "docs/site-conf.md lists the variables; sizes are counted in $body_bytes_sent");
        }
    }

    /** Where the answers of a block are written down. */
    List<Logging> logs(SiteBlock block) {
        List<Logging> logs = new ArrayList<>();
        boolean off = false;
        for (Directive directive : block.nearestAll(Set.of("access_log"))) {
            if (directive.argument(0).equals("off") && directive.arguments().size() == 1) {
                off = true; // as in nginx: whatever else this block says
            } else {
                log(directive).ifPresent(logs::add);
            }
        }
        return off ? List.of() : List.copyOf(logs);
    }

    private Optional<Logging> log(Directive directive) {
        Word word = directive.arguments().getFirst();
        String text = word.text();
        if (text.startsWith("syslog:") || text.indexOf('$') >= 0) {
            site.error(
                    word,
                    text.startsWith("syslog:")
                            ? "lines cannot be sent to a syslog server"
                            : "the name of an access log cannot have variables",
                    text.startsWith("syslog:")
                            ? "name a file, or /dev/stdout for whatever reads the output"
                            : "name a file in each server, or tell them apart by $host in a log_format");
            return Optional.empty();
        }
        Path path;
        try {
            path = site.folder().resolve(text).normalize();
        } catch (InvalidPathException wrong) {
            site.error(word, "no path: " + wrong.getReason(), "");
            return Optional.empty();
        }
        Path parent = path.getParent();
        if (Files.isDirectory(path) || parent == null || !Files.isDirectory(parent)) {
            site.error(
                    word,
                    Files.isDirectory(path) ? path + " is a folder" : "there is no folder " + parent,
                    Files.isDirectory(path)
                            ? "name a file in it"
                            : "mkdir -p " + parent + ", or access_log off; to write none");
            return Optional.empty();
        }
        named.putIfAbsent(path, word);
        LogFile file = files.computeIfAbsent(path, LogFile::new);
        LogFormat format = formats.get(COMBINED);
        Optional<Template> condition = Optional.empty();
        for (int i = 1; i < directive.arguments().size(); i++) {
            Word option = directive.arguments().get(i);
            int equals = option.text().indexOf('=');
            String name = equals < 0 ? option.text() : option.text().substring(0, equals);
            Word value = new Word(option.text().substring(equals + 1), option.at(), false, false);
            if (equals < 0 && i == 1) {
                format = formats.get(name);
                if (format == null) {
                    site.error(
                            option,
                            "there is no format '" + option + "'",
                            "name it with log_format, or leave it out for 'combined'");
                    return Optional.empty();
                }
                continue;
            }
            switch (name) {
                case "buffer" -> file.bufferBytes(site.bytes(value));
                case "flush" -> file.every(Duration.ofMillis(Math.max(1, site.millis(value))));
                case "if" -> condition = site.template(option, value.text());
                case "gzip" ->
                    site.error(
                            option, "logs are not compressed while they are written", "logrotate compresses old ones");
                default -> site.error(option, "access_log has no '" + option + "'", "buffer=, flush= or if=");
            }
        }
        return format == null ? Optional.empty() : Optional.of(new Logging(file, format, condition));
    }

    /** Opens all files; one that cannot be written to is told. */
    void open() {
        files.forEach((path, file) -> {
            try {
                file.open();
            } catch (IOException refused) {
                Word word = named.get(path);
                if (word != null) {
                    site.error(
                            word,
                            path + " cannot be written to: " + Printable.of(String.valueOf(refused.getMessage())),
                            "its folder or the file belongs to another user");
                }
            }
        });
    }

    void close() {
        files.values().forEach(LogFile::close);
    }
}
