package dev.pumasi.benchmarks.sql;

import java.util.concurrent.ThreadLocalRandom;

/** What each of the servers is told. */
record Arguments(int port, String host, int databasePort, String user, String password, int connections) {

    static final int ROWS = 10_000;
    static final String QUERY = "select id, name, price from dishes where id = ";
    static final String PATH = "/dish";

    static Arguments of(String[] given) {
        return new Arguments(
                Integer.parseInt(given[0]),
                "127.0.0.1",
                Integer.parseInt(given[1]),
                given[2],
                given[3],
                Integer.parseInt(given[4]));
    }

    String url() {
        return "jdbc:postgresql://" + host + ":" + databasePort + "/postgres";
    }

    static int anyId() {
        return ThreadLocalRandom.current().nextInt(ROWS) + 1;
    }

    static String answer(int id, String name, int price) {
        return "{\"id\":" + id + ",\"name\":\"" + name + "\",\"price\":" + price + "}";
    }
}
