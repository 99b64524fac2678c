package dev.pumasi.web;

import java.io.IOException;

/** What answers a request in a location, when everything that could send it elsewhere has been asked. */
interface Content {

    Step answer(Visit visit) throws IOException;

    /** In a line, for people. */
    String words();
}
