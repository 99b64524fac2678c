package dev.pumasi.admin;

import dev.pumasi.http.Response;

/** What every answer tells a browser: to load nothing from elsewhere, run nothing that is not a file of ours, and show us in no frame. */
final class Headers {

    /** No inline script or style, nothing from elsewhere (W3C Content Security Policy Level 3). */
    static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private Headers() {}

    static Response on(Response response) {
        return response.withHeader("Content-Security-Policy", POLICY)
                .withHeader("X-Content-Type-Options", "nosniff")
                .withHeader("Referrer-Policy", "no-referrer")
                .withHeader("Cross-Origin-Resource-Policy", "same-origin")
                .withHeader("Cross-Origin-Opener-Policy", "same-origin");
    }

    /** For what is true only now. */
    static Response now(Response response) {
        return on(response).withHeader("Cache-Control", "no-store");
    }
}
