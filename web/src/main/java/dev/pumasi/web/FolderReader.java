package dev.pumasi.web;

import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** Compiles what a folder does beside showing its files: {@code cgi_pass} and {@code dav_methods}. */
final class FolderReader {

    /** More processes than that help nobody. */
    private static final int SCRIPTS_AT_ONCE_MAX = 10_000;

    private final SiteReader site;
    private final BodyLengths lengths;

    /** @param bodyBytesMax the largest body of the file, once it is read */
    FolderReader(SiteReader site, LongSupplier bodyBytesMax) {
        this.site = site;
        lengths = new BodyLengths(bodyBytesMax);
    }

    /** @param path of the location; empty if it is found by an expression or a name */
    Optional<Content> scripts(SiteBlock block, Place place, String path) {
        List<Directive> all = block.all("cgi_pass");
        if (all.isEmpty()) {
            return Optional.empty();
        }
        Word first = all.getFirst().name();
        for (String other : List.of("proxy_pass", "fastcgi_pass")) {
            if (block.own(other).isPresent()) {
                site.error(first, "both 'cgi_pass' and '" + other + "' are given", "keep one of them");
                return Optional.empty();
            }
        }
        Optional<String> mount = mount(first, place, path);
        if (mount.isEmpty()) {
            return Optional.empty();
        }
        Cgi.Builder scripts = Cgi.builder(place.store().base())
                .under(Redirects.escapedPath(mount.get()))
                .executables(false)
                .localRedirects(site.entrance());
        limits(block, scripts);
        List<String> label = new ArrayList<>();
        for (Directive directive : all) {
            List<Word> words = directive.arguments();
            String which = words.getFirst().text();
            label.add(which);
            if (which.equals("executable") && words.size() == 1) {
                scripts.executables(true);
            } else if (which.matches("\\.[^./]+") && words.size() > 1) {
                scripts.interpreter(
                        which,
                        words.subList(1, words.size()).stream().map(Word::text).toArray(String[]::new));
            } else {
                site.error(
                        words.getFirst(),
                        "cgi_pass names an ending and the program for it, or 'executable'",
                        "cgi_pass .py python3; or cgi_pass executable;");
            }
        }
        try {
            return Optional.of(new ScriptContent(
                    scripts.build(), lengths, block.flag("cgi_intercept_errors"), String.join(" ", label)));
        } catch (IOException refused) {
            noFolder(first, place, refused);
            return Optional.empty();
        }
    }

    private void limits(SiteBlock block, Cgi.Builder scripts) {
        scripts.timeLimits(
                time(block, "cgi_read_timeout", Cgi.UNTIL_HEAD_DEFAULT),
                time(block, "cgi_time_limit", Cgi.UNTIL_END_DEFAULT));
        block.nearest("cgi_processes")
                .map(directive -> site.number(directive.arguments().getFirst(), 1, SCRIPTS_AT_ONCE_MAX))
                .ifPresent(running -> scripts.concurrency(running.intValue(), Cgi.WAITING_DEFAULT, Cgi.WAIT_DEFAULT));
    }

    private Duration time(SiteBlock block, String name, Duration otherwise) {
        Optional<Directive> directive = block.nearest(name);
        if (directive.isEmpty()) {
            return otherwise;
        }
        Word word = directive.get().arguments().getFirst();
        int millis = site.millis(word);
        if (millis == 0) {
            site.error(word, "a script cannot run without time", name + " 30s;");
            return otherwise;
        }
        return Duration.ofMillis(millis);
    }

    /** As {@link #scripts}; {@code files} if nothing may be stored. */
    Content uploads(SiteBlock block, Place place, String path, Content files) {
        Set<String> methods = new TreeSet<>();
        Optional<Directive> directive = block.nearest("dav_methods");
        for (Word word : directive.map(Directive::arguments).orElse(List.of())) {
            switch (word.text()) {
                case "PUT", "DELETE", "POST" -> methods.add(word.text());
                case "off" -> {}
                default ->
                    site.error(word, "dav_methods does not know '" + word + "'", "PUT, DELETE, POST for forms, or off");
            }
        }
        if (directive.isEmpty() || methods.isEmpty()) {
            return files;
        }
        Word name = directive.get().name();
        Optional<String> mount = mount(name, place, path);
        if (mount.isEmpty()) {
            return files;
        }
        Uploads.Action[] actions = methods.stream().map(Uploads.Action::valueOf).toArray(Uploads.Action[]::new);
        try {
            return new UploadContent(
                    Uploads.builder(place.store().base())
                            .under(Redirects.escapedPath(mount.get()))
                            .allow(actions[0], actions)
                            .makesFolders(block.flag("create_full_put_path"))
                            .build(),
                    Set.copyOf(methods),
                    lengths,
                    files,
                    () -> site.stores().changed(place.store().base()));
        } catch (IOException refused) {
            noFolder(name, place, refused);
            return files;
        }
    }

    private void noFolder(Word at, Place place, IOException refused) {
        boolean missing = refused instanceof NoSuchFileException || refused instanceof NotDirectoryException;
        site.error(
                at,
                missing
                        ? "there is no folder " + place.store().base()
                        : "the folder cannot be used: " + refused.getMessage(),
                "make it, or say with 'root' or 'alias' where the files lie");
    }

    /** For which path the folder stands. */
    private Optional<String> mount(Word at, Place place, String path) {
        boolean constant = place.written().isConstant();
        if (constant && place.cut() == 0) {
            return Optional.of("/");
        }
        String written = place.written().toString();
        if (constant
                && place.cut() > 0
                && written.endsWith("/")
                && path.startsWith("/")
                && path.length() >= place.cut()
                && path.charAt(place.cut() - 1) == '/') {
            return Optional.of(path.substring(0, place.cut()));
        }
        site.error(
                at,
                "'" + at + "' needs a folder that is one for all requests, and here it is '" + written + "'",
                "a 'root' without variables; or 'alias', where it and the location end with a slash");
        return Optional.empty();
    }
}
