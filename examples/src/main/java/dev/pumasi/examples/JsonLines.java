package dev.pumasi.examples;

import dev.pumasi.lab.JsonWriter;
import java.util.Arrays;
import java.util.List;

/**
 * What an example has found, for {@code pumasi lab}: with {@value #OPTION} as its first argument it prints lines of JSON, an object each,
 * instead of a story. An object's {@code kind} says what else is in it.
 */
final class JsonLines {

    static final String OPTION = "--json";

    private JsonLines() {}

    static boolean isAsked(String[] args) {
        return args.length > 0 && args[0].equals(OPTION);
    }

    /** The number that may follow it: how often all is to be measured. */
    static int rounds(String[] args) {
        return args.length > 1 ? Integer.parseInt(args[1]) : 1;
    }

    /** One object; names and values by turns. */
    static void print(String kind, Object... namesAndValues) {
        JsonWriter json = new JsonWriter().beginObject();
        json.field("kind", kind);
        List<Object> all = Arrays.asList(namesAndValues);
        for (int i = 0; i + 1 < all.size(); i += 2) {
            String name = (String) all.get(i);
            switch (all.get(i + 1)) {
                case Boolean flag -> json.field(name, flag);
                case Number number -> json.field(name, number.doubleValue());
                default -> json.field(name, String.valueOf(all.get(i + 1)));
            }
        }
        json.endObject();
        System.out.println(json);
    }
}
