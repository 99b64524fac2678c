package dev.pumasi.benchmarks.vertx;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Vert.x on one event loop with its PostgreSQL client. {@code pooled}: a query has its connection for itself, as with JDBC. {@code
 * pipelined}: queries are sent without waiting for the answers to those before, which JDBC has no way to do.
 */
public final class VertxSqlServer extends VerticleBase {
    private static final CharSequence SERVER_NAME = HttpHeaders.createOptimized("vert.x");
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final String PATH = "/dish";
    private static final int ROWS = 10_000;
    private static final int BACKLOG = 4096;
    private static final int WAITING_MAX = 10_000;

    private final int port;
    private final PgConnectOptions database;
    private final int connections;
    private final boolean pipelined;
    private CharSequence date = now();

    private VertxSqlServer(int port, PgConnectOptions database, int connections, boolean pipelined) {
        this.port = port;
        this.database = database;
        this.connections = connections;
        this.pipelined = pipelined;
    }

    /** Arguments: the port, the database's, user, password, connections; and {@code pooled} or {@code pipelined}. */
    public static void main(String[] given) {
        final var database = new PgConnectOptions()
                .setHost("127.0.0.1")
                .setPort(Integer.parseInt(given[1]))
                .setDatabase("postgres")
                .setUser(given[2])
                .setPassword(given[3])
                .setCachePreparedStatements(true);
        final var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        if (!vertx.isNativeTransportEnabled()) {
            System.err.println("vertx: no native transport, on NIO: " + vertx.unavailableNativeTransportCause());
        }
        vertx.deployVerticle(new VertxSqlServer(
                        Integer.parseInt(given[0]), database, Integer.parseInt(given[4]), given[5].equals("pipelined")))
                .onFailure(failure -> {
                    System.err.println("vertx: " + failure);
                    System.exit(1);
                });
    }

    @Override
    public Future<?> start() {
        vertx.setPeriodic(1000, timer -> date = now());
        final var pool = new PoolOptions().setMaxSize(connections).setMaxWaitQueueSize(WAITING_MAX);
        final SqlClient client = pipelined
                ? PgBuilder.client()
                        .with(pool)
                        .connectingTo(database)
                        .using(vertx)
                        .build()
                : PgBuilder.pool()
                        .with(pool)
                        .connectingTo(database)
                        .using(vertx)
                        .build();
        final var query = client.preparedQuery("select id, name, price from dishes where id = $1");
        final var options = new HttpServerOptions().setAcceptBacklog(BACKLOG).setTcpNoDelay(true);
        return vertx.createHttpServer(options)
                .requestHandler(request -> {
                    if (!PATH.equals(request.path())) {
                        request.response().setStatusCode(404).end();
                        return;
                    }
                    final int id = ThreadLocalRandom.current().nextInt(ROWS) + 1;
                    query.execute(Tuple.of(id))
                            .onSuccess(rows -> answer(request, rows.iterator().next()))
                            .onFailure(failure ->
                                    request.response().setStatusCode(503).end());
                })
                .listen(port);
    }

    private void answer(HttpServerRequest request, Row row) {
        final var body = Buffer.buffer("{\"id\":" + row.getInteger(0) + ",\"name\":\"" + row.getString(1)
                + "\",\"price\":" + row.getInteger(2) + "}");
        final var response = request.response();
        response.headers()
                .add(HttpHeaders.CONTENT_TYPE, JSON)
                .add(HttpHeaders.SERVER, SERVER_NAME)
                .add(HttpHeaders.DATE, date)
                .add(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
        response.end(body);
    }

    private static CharSequence now() {
        return HttpHeaders.createOptimized(
                DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
    }
}
