package dev.pumasi.web;

import java.nio.file.Path;

/**
 * Where files of a location lie: {@code root} or {@code alias}. What comes before the first variable, up to a slash, is the folder that
 * nothing leads out of; the rest is looked up beneath it like the path of the request.
 *
 * @param written as it stands in the file
 * @param whole the same as an absolute name: {@code $document_root}
 * @param store the folder
 * @param beneath what comes between the folder and the path
 * @param cut how many characters of the path are left out: those that {@code alias} replaces, or all (−1)
 * @param realFolders what knows where links lead
 */
record Place(Template written, Template whole, FileStore store, Template beneath, int cut, RealFolders realFolders) {

    /** {@code $realpath_root}. Parks. */
    String realRoot(Visit visit) {
        return realFolders.of(whole.of(visit));
    }

    /** The path of a file beneath the folder. */
    String pathOf(Visit visit, String uri) {
        String rest = cut == 0 ? uri : cut < 0 || cut > uri.length() ? "" : uri.substring(cut);
        String before = beneath.of(visit);
        return before.isEmpty() ? rest : before + rest;
    }

    /** The whole name of the file of a visit. */
    String fileName(Visit visit) {
        Path base = store.base();
        String path = pathOf(visit, visit.uri());
        String folder = base.toString();
        return (folder.equals("/") ? "" : folder) + (path.startsWith("/") ? path : "/" + path);
    }
}
