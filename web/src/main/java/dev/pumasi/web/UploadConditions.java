package dev.pumasi.web;

import dev.pumasi.http.Request;
import dev.pumasi.runtime.driver.FileAttributes;
import org.jspecify.annotations.Nullable;

/** What a request says about the file that it is to take the place of (RFC 9110 section 13.1). */
final class UploadConditions {

    private final Request request;

    UploadConditions(Request request) {
        this.request = request;
    }

    /** RFC 9110 section 13.1.2: nothing may be there. */
    boolean wantsNew() {
        return request.headers("If-None-Match").contains("*");
    }

    /** Whether they hold for what is there, if anything is. */
    boolean hold(@Nullable FileAttributes there, long nowMillis) {
        if (there == null) {
            return !request.hasHeader("If-Match");
        }
        FileVersion version = FileVersion.of(there);
        return new Preconditions(
                                version.entityTag(nowMillis),
                                version.modifiedSecond(nowMillis),
                                version.isSettled(nowMillis),
                                Math.floorDiv(nowMillis, 1000L))
                        .of(request)
                == Preconditions.Verdict.PROCEED;
    }
}
