package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilePathTest {

    @ParameterizedTest
    @CsvSource({
        "/, '', true",
        "'', '', true",
        "/a, a, false",
        "/a/, a, true",
        "/a/b.txt, a|b.txt, false",
        "//a///b, a|b, false",
        "/a/./b, a|b, false",
        "/a/../b, b, false",
        "/a/%2e%2E/b, b, false",
        "/../../a, a, false",
        "/a/.., '', true",
        "/a/., a, true",
        "/a%20b, a b, false",
        "/%61, a, false",
        "/a+b, a+b, false",
        "/%ED%92%88, 품, false",
        "/%25, %, false",
        "/%252e%252e/x, %2e%2e|x, false",
        "/.well-known/acme, .well-known|acme, false",
        "/..., '', refused",
        "/a.., a.., false",
    })
    void names(String rawPath, String names, String folder) {
        Optional<FilePath> path = FilePath.of(rawPath);
        if (folder.equals("refused")) {
            assertTrue(path.isEmpty());
            return;
        }
        assertEquals(
                names.isEmpty() ? List.of() : List.of(names.split("\\|")),
                path.orElseThrow().names());
        assertEquals(Boolean.parseBoolean(folder), path.orElseThrow().isFolder());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/a%2Fb",
                "/..%2f..%2fetc",
                "/a%5cb",
                "/a\\b",
                "/..\\..\\etc",
                "/a%00",
                "/a%00.html",
                "/%00",
                "/.git/config",
                "/%2egit",
                "/a/.hidden",
                "/.well-known2",
                "/.htaccess",
                "/%c0%ae%c0%ae/x",
                "/%c0%af",
                "/%ff",
                "/%ed%a0%80",
                "/%u002e",
                "/%",
                "/%2",
                "/%zz"
            })
    void whatNoFileCanBe(String rawPath) {
        assertTrue(FilePath.of(rawPath).isEmpty());
    }

    @Test
    void asFolderIsEncodedAndHasNoHost() {
        assertEquals("/", FilePath.of("//").orElseThrow().asFolder());
        assertEquals(
                "/evil.example/a/",
                FilePath.of("//evil.example//a").orElseThrow().asFolder());
        assertEquals(
                "/%ED%92%88%20%3F%0D%0A/",
                FilePath.of("/%ed%92%88%20%3f%0d%0a").orElseThrow().asFolder());
    }

    @Test
    void below() {
        FilePath mount = FilePath.of("/static/").orElseThrow();
        assertEquals(FilePath.of("/a"), FilePath.of("/static/a").flatMap(path -> path.below(mount)));
        assertFalse(FilePath.of("/statics/a").flatMap(path -> path.below(mount)).isPresent());
        assertFalse(
                FilePath.of("/static/../a").flatMap(path -> path.below(mount)).isPresent());
        assertFalse(FilePath.of("/").flatMap(path -> path.below(mount)).isPresent());
    }
}
