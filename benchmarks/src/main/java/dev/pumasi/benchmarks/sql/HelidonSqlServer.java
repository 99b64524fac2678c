package dev.pumasi.benchmarks.sql;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Plain JDBC on the JDK's virtual threads: Helidon, a virtual thread for each connection, HikariCP, the same driver and settings. */
public final class HelidonSqlServer {
    private static final Header CONTENT_TYPE = HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");
    private static final int BACKLOG = 4096;
    private static final long WAIT_MILLIS = 10_000;

    private HelidonSqlServer() {}

    /** Arguments: those of {@link Arguments}. */
    public static void main(String[] given) {
        Arguments arguments = Arguments.of(given);
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(arguments.url() + "?prepareThreshold=1");
        config.setUsername(arguments.user());
        config.setPassword(arguments.password());
        config.setMaximumPoolSize(arguments.connections());
        config.setConnectionTimeout(WAIT_MILLIS);
        HikariDataSource pool = new HikariDataSource(config);
        WebServer.builder()
                .host("0.0.0.0")
                .port(arguments.port())
                .backlog(BACKLOG)
                .connectionOptions(options -> options.tcpNoDelay(true))
                .routing(routing -> routing.get(Arguments.PATH, (_, response) -> answer(pool, response)))
                .build()
                .start();
    }

    private static void answer(HikariDataSource pool, ServerResponse response) {
        try (Connection connection = pool.getConnection();
                PreparedStatement statement = connection.prepareStatement(Arguments.QUERY + "?")) {
            statement.setInt(1, Arguments.anyId());
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                byte[] body = Arguments.answer(rows.getInt(1), rows.getString(2), rows.getInt(3))
                        .getBytes(StandardCharsets.UTF_8);
                response.header(CONTENT_TYPE);
                response.send(body);
            }
        } catch (SQLException failure) {
            response.status(503).send();
        }
    }
}
