package dev.pumasi.benchmarks.sql;

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
import io.vertx.sqlclient.PreparedQuery;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;

/**
 * Vert.x with its reactive PostgreSQL client, one event loop: with statements prepared once, and with or without pipelining, which sends
 * further queries on a connection before the first has been answered.
 */
public final class VertxSqlServer extends VerticleBase {
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final int BACKLOG = 4096;
    private static final int PIPELINED_MAX = 64;

    private final Arguments arguments;
    private final boolean pipelined;

    private VertxSqlServer(Arguments arguments, boolean pipelined) {
        this.arguments = arguments;
        this.pipelined = pipelined;
    }

    /** Arguments: those of {@link Arguments}, and {@code pipelined} or {@code pooled}. */
    public static void main(String[] given) {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        vertx.deployVerticle(new VertxSqlServer(Arguments.of(given), given[5].equals("pipelined")))
                .onFailure(failure -> {
                    System.err.println("vertx: " + failure);
                    System.exit(1);
                });
    }

    @Override
    public Future<?> start() {
        PgConnectOptions connect = new PgConnectOptions()
                .setHost(arguments.host())
                .setPort(arguments.databasePort())
                .setDatabase("postgres")
                .setUser(arguments.user())
                .setPassword(arguments.password())
                .setCachePreparedStatements(true)
                .setPipeliningLimit(pipelined ? PIPELINED_MAX : 1);
        PoolOptions options = new PoolOptions().setMaxSize(arguments.connections());
        SqlClient client = pipelined
                ? PgBuilder.client()
                        .with(options)
                        .connectingTo(connect)
                        .using(vertx)
                        .build()
                : PgBuilder.pool()
                        .with(options)
                        .connectingTo(connect)
                        .using(vertx)
                        .build();
        PreparedQuery<RowSet<Row>> query = client.preparedQuery(Arguments.QUERY + "$1");
        return vertx.createHttpServer(
                        new HttpServerOptions().setAcceptBacklog(BACKLOG).setTcpNoDelay(true))
                .requestHandler(request -> answer(query, request))
                .listen(arguments.port());
    }

    private static void answer(PreparedQuery<RowSet<Row>> query, HttpServerRequest request) {
        query.execute(Tuple.of(Arguments.anyId())).onComplete(asked -> {
            if (asked.failed()) {
                request.response().setStatusCode(503).end();
                return;
            }
            Row row = asked.result().iterator().next();
            request.response().putHeader(HttpHeaders.CONTENT_TYPE, JSON);
            request.response()
                    .end(Buffer.buffer(Arguments.answer(row.getInteger(0), row.getString(1), row.getInteger(2))));
        });
    }
}
