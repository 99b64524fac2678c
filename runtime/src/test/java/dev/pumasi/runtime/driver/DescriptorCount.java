package dev.pumasi.runtime.driver;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many descriptors of the kinds that drivers open this process has; files, which class loading opens, not counted. */
final class DescriptorCount {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private DescriptorCount() {}

    /** −1 where it cannot be known. */
    static int now() {
        int count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : descriptors) {
                count += isOurs(descriptor) ? 1 : 0;
            }
        } catch (IOException notLinux) {
            return -1;
        }
        return count;
    }

    private static boolean isOurs(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("socket:") || target.startsWith("anon_inode:");
        } catch (IOException gone) {
            return false;
        }
    }
}
