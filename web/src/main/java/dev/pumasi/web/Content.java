package dev.pumasi.web;

/** What answers a request in a location, when everything that could send it elsewhere has been asked. */
interface Content {

    Step answer(Visit visit) throws Exception;

    /** In a line, for people. */
    String words();
}
