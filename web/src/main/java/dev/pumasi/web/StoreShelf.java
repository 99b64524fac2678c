package dev.pumasi.web;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** One {@link FileStore} for each folder and table of types, whoever asks; together they keep as much in memory as one alone. */
final class StoreShelf {

    private static final long EACH_BYTES_MIN = 256 * 1024;

    private record Key(Path base, TypeTable types) {}

    private final Map<Key, FileStore> stores = new LinkedHashMap<>();

    FileStore store(Path base, TypeTable types) {
        return stores.computeIfAbsent(new Key(base, types), key -> new FileStore(key.base, key.types, this::bytesEach));
    }

    /** Something below that folder was changed by this server itself. Any thread, once all stores are known. */
    void changed(Path base) {
        stores.forEach((key, store) -> {
            if (key.base.startsWith(base) || base.startsWith(key.base)) {
                store.changed();
            }
        });
    }

    /** What each may keep, once all are known. */
    private long bytesEach() {
        return Math.max(EACH_BYTES_MIN, StaticFiles.CACHE_BYTES_DEFAULT / Math.max(1, stores.size()));
    }
}
