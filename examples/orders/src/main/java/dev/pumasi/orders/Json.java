package dev.pumasi.orders;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON to bytes and back, one strict mapper for all threads. */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private Json() {}

    /** @throws tools.jackson.core.JacksonException if that is no JSON */
    static JsonNode tree(byte[] text) {
        return MAPPER.readTree(text);
    }

    static byte[] bytes(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    static Response response(Object value) {
        return Response.bytes(MediaType.JSON, bytes(value));
    }
}
