package dev.pumasi.services;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import java.io.IOException;

/**
 * Packs parcels, and has mail tell the customer. When services call each other, it asks mail before it answers; with a queue, it
 * watches for orders, and puts into the queue that a parcel is packed.
 */
final class Stock implements Service.Role {

    static final String TOPIC = "parcels";
    static final String NOTEBOOK = "parcels";
    private static final int AT_ONCE = 8;

    @Override
    public Router open(Service.Place place) throws IOException {
        Notebook parcels = Notebook.open(place.loop(), place.folder().resolve(NOTEBOOK));
        if (place.way() == Way.CALLS) {
            HttpClient client = HttpClient.open();
            return Router.builder()
                    .post("/parcels/{id}", (Handler) request -> {
                        String id = request.pathParameter("id");
                        parcels.note(id);
                        String failed = Service.call(client, place, "mail", "/letters/" + id);
                        return failed.isEmpty() ? Response.of(204) : Service.failed(failed);
                    })
                    .build();
        }
        Queue queue = Queue.open(place.loop(), place.other());
        Publisher packed = queue.topic(TOPIC).publisher();
        queue.topic(Orders.TOPIC).consumer("stock", Service.GROUP).handle(place.loop(), AT_ONCE, order -> {
            String id = order.message().key();
            parcels.note(id);
            // Under its id: published twice, because this process died in between, it is one message.
            packed.publish(Message.of(id, "a parcel").withId(id));
        });
        return Router.builder().get("/", (Handler) _ -> Response.of(204)).build();
    }
}
