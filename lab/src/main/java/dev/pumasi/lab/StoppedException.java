package dev.pumasi.lab;

/** It is to end here: somebody has stopped it, or its time is up. */
final class StoppedException extends Exception {

    private static final long serialVersionUID = 1L;

    StoppedException(String why) {
        super(why);
    }
}
