package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MediaTypesTest {

    @ParameterizedTest
    @CsvSource({
        "index.html, text/html; charset=utf-8",
        "INDEX.HTM, text/html; charset=utf-8",
        "app.min.js, text/javascript; charset=utf-8",
        "module.mjs, text/javascript; charset=utf-8",
        "logo.svg, image/svg+xml; charset=utf-8",
        "data.json, application/json",
        "app.wasm, application/wasm",
        "archive.tar.gz, application/gzip",
        "보고서.hwp, application/x-hwp",
        "font.woff2, font/woff2",
        "README, application/octet-stream",
        "strange.xyz, application/octet-stream",
        "dot., application/octet-stream",
    })
    void byTheEndOfTheName(String name, String type) {
        assertEquals(type, MediaTypes.of(name).name());
    }
}
