package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The codec by itself, in memory; in this package because the codec is the http module's own affair. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx256m", "-XX:+UseSerialGC"})
public class CodecBenchmark {

    private static final byte[] HELLO = "Hello, World!".getBytes(StandardCharsets.US_ASCII);

    private final Buffer small = Buffer.of("GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\n\r\n");
    private final Buffer browser = Buffer.of("""
            GET /articles/2026/11/an-event-loop-of-ones-own?from=front&page=2 HTTP/1.1\r
            Host: www.example.com\r
            Connection: keep-alive\r
            sec-ch-ua: "Chromium";v="156", "Not A(Brand";v="24"\r
            sec-ch-ua-mobile: ?0\r
            sec-ch-ua-platform: "Linux"\r
            Upgrade-Insecure-Requests: 1\r
            User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0\r
            Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
            Sec-Fetch-Site: none\r
            Sec-Fetch-Mode: navigate\r
            Sec-Fetch-User: ?1\r
            Sec-Fetch-Dest: document\r
            Accept-Encoding: gzip, deflate, br, zstd\r
            Accept-Language: ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7\r
            Cookie: session=4f2d5c0b9e6a4c1e8b7d; theme=dark\r
            \r
            """);
    private final RequestParser parser = new RequestParser(HttpLimits.DEFAULTS);
    private final HeadBlock block = new HeadBlock("pumasi");
    private final Buffer out = Buffer.allocate(1024);

    @Benchmark
    public int parseSmall() {
        parser.reset();
        return parser.parse(small, 0, small.capacity());
    }

    @Benchmark
    public int parseBrowser() {
        parser.reset();
        return parser.parse(browser, 0, browser.capacity());
    }

    @Benchmark
    public int encode() {
        Response response = Response.bytes(MediaType.TEXT, HELLO);
        int at = ResponseEncoder.head(response, BodyFraming.LENGTH, false, true, block, out, 0, out.capacity());
        out.put(at, HELLO, 0, HELLO.length);
        return at + HELLO.length;
    }
}
