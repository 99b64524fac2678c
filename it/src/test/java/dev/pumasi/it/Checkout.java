package dev.pumasi.it;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where this checkout lies: Surefire runs tests in the folder of their module. */
final class Checkout {

    static final Path ROOT = root();

    private Checkout() {}

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException("run this test inside the checkout");
        }
        return folder;
    }
}
