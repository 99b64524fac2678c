package dev.pumasi.web;

/** Told which servers are asked for a request, and what becomes of it. On the thread that handles the request, one call after another. */
interface Asking {

    /** Nobody wants to know. */
    Asking UNHEARD = new Asking() {
        @Override
        public void begins(String server) {}

        @Override
        public void ends(int status, boolean isWhole) {}
    };

    /** That one is asked now. */
    void begins(String server);

    /**
     * It has answered, or failed.
     *
     * @param status of its answer; that of the failure if there is none
     * @param isWhole false if the rest of the answer is still to come
     */
    void ends(int status, boolean isWhole);
}
