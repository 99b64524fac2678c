package dev.pumasi.web;

import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Request;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What is asked of servers for one request, until its client goes. */
final class ProxyExchange {

    // One side writes the first and then reads the second, the other the other way round, so one of them sees both.
    private volatile @Nullable Operation<ClientResponse> asked;
    private volatile boolean gone;

    ProxyExchange(Request request) {
        request.onGone(() -> {
            gone = true;
            Operation<ClientResponse> last = asked;
            if (last != null) {
                last.cancel();
            }
        });
    }

    /** @throws OperationException {@link Failure#CANCELLED} if the client has gone */
    ClientResponse await(Operation<ClientResponse> asking) throws IOException {
        asked = asking;
        if (gone) {
            asking.cancel();
        }
        return asking.await();
    }
}
