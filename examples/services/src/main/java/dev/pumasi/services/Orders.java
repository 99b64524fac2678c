package dev.pumasi.services;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.http.QueueHandler;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Takes orders. When services call each other, it asks stock to pack the parcel before it answers. With a queue, it has the queue:
 * the order is put into that, durably, and the customer is answered; the others reach the queue by this service's own port.
 */
final class Orders implements Service.Role {

    static final String TOPIC = "orders";
    static final String QUEUE_PATH = "/queue";

    @Override
    public Router open(Service.Place place) throws IOException {
        return switch (place.way()) {
            case CALLS -> calling(place);
            case QUEUE -> queueing(place.loop(), place.folder());
        };
    }

    private static Router calling(Service.Place place) {
        HttpClient client = HttpClient.open();
        return Router.builder()
                .post("/orders/{id}", (Handler) request -> {
                    String id = request.pathParameter("id");
                    String failed = Service.call(client, place, "stock", "/parcels/" + id);
                    return failed.isEmpty() ? Response.text("ordered").withStatus(201) : Service.failed(failed);
                })
                .build();
    }

    private static Router queueing(Loop loop, Path folder) throws IOException {
        Queue queue = Queue.open(loop, "log:" + folder.resolve("queue") + "?segment=4m&message=64k");
        Publisher orders = queue.topic(TOPIC).publisher();
        return Router.builder()
                .post("/orders/{id}", (Handler) request -> {
                    String id = request.pathParameter("id");
                    try {
                        orders.startPublish(Message.of(id, "an order").withId(id))
                                .await();
                        return Response.text("ordered").withStatus(202);
                    } catch (IOException refused) {
                        QueueFailure why = QueueException.in("publish", refused).failure();
                        return Response.text("not now: " + why.cause())
                                .withStatus(503)
                                .withHeader("Retry-After", "1");
                    }
                })
                .any(
                        QUEUE_PATH + "/*",
                        QueueHandler.builder(queue).path(QUEUE_PATH).open())
                .build();
    }
}
