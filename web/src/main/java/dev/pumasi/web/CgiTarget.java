package dev.pumasi.web;

import java.nio.file.Path;
import java.util.List;

/**
 * Which script a request means, and what of the request is the script's own business.
 *
 * @param file the script
 * @param scriptName the path that leads to it, decoded
 * @param pathInfo what of the path comes behind it, decoded, with its slash; empty if nothing does
 * @param pathTranslated the file that {@code pathInfo} would be, below the document root; empty if there is none
 * @param documentRoot where the site's files are
 */
record CgiTarget(Path file, String scriptName, String pathInfo, String pathTranslated, Path documentRoot) {

    /**
     * @param mount under which path the scripts are
     * @param below the path below that
     * @param count how many names of it lead to the script
     */
    static CgiTarget of(Path root, FilePath mount, FilePath below, int count, Path documentRoot) {
        Path file = root;
        for (String name : below.names().subList(0, count)) {
            file = file.resolve(name);
        }
        List<String> rest = below.names().subList(count, below.names().size());
        String info = joined(rest) + (below.isFolder() ? "/" : "");
        Path translated = documentRoot;
        for (String name : rest) {
            translated = translated.resolve(name);
        }
        return new CgiTarget(
                file,
                joined(mount.names()) + joined(below.names().subList(0, count)),
                info,
                info.isEmpty() ? "" : translated.toString(),
                documentRoot);
    }

    private static String joined(List<String> names) {
        return names.isEmpty() ? "" : "/" + String.join("/", names);
    }

    /** Whether the script writes a whole HTTP answer itself (RFC 3875 section 5). */
    boolean isNonParsed() {
        return String.valueOf(file.getFileName()).startsWith("nph-");
    }
}
