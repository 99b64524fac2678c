package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a file is, by the end of its name.
 *
 * @param types by extension in lower case, without the dot; empty for those of {@link MediaTypes}
 * @param otherwise what all others are
 */
record TypeTable(Optional<Map<String, MediaType>> types, MediaType otherwise) {

    MediaType of(String fileName) {
        int dot = fileName.lastIndexOf('.');
        if (dot < 0) {
            return otherwise;
        }
        if (types.isEmpty()) {
            MediaType known = MediaTypes.of(fileName);
            return known.equals(MediaType.OCTETS) ? otherwise : known; // of which there is none in that table
        }
        return types.get().getOrDefault(fileName.substring(dot + 1).toLowerCase(Locale.ROOT), otherwise);
    }
}
