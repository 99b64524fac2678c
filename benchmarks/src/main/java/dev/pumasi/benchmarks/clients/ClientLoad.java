package dev.pumasi.benchmarks.clients;

import com.sun.management.OperatingSystemMXBean;
import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * One client under its own load: {@code CLIENT PORT CONNECTIONS WARM-UP-SECONDS SECONDS}. So many requests are in progress at all
 * times, each answer is read as a whole. Prints CPU time per request of this process, all threads included, and the rate.
 */
public final class ClientLoad {

    private static final int ANSWER_BYTES = "Hello, World!".length();
    private static final int AGGREGATED_BYTES_MAX = 65_536;

    private final LongAdder answers = new LongAdder();
    private final LongAdder wrong = new LongAdder();

    private ClientLoad() {}

    public static void main(String[] arguments) throws Exception {
        ClientLoad load = new ClientLoad();
        int port = Integer.parseInt(arguments[1]);
        int connections = Integer.parseInt(arguments[2]);
        switch (arguments[0]) {
            case "pumasi-green" -> load.pumasi(port, connections, false);
            case "pumasi-callback" -> load.pumasi(port, connections, true);
            case "jdk" -> load.jdk(port, connections);
            case "netty" -> load.netty(port, connections);
            case "vertx" -> load.vertx(port, connections);
            default -> throw new IllegalArgumentException("no client " + arguments[0]);
        }
        load.measure(arguments[0], Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4]));
        Runtime.getRuntime().halt(0); // whatever threads the client has left running
    }

    private void measure(String client, int warmupSeconds, int seconds) throws InterruptedException {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        TimeUnit.SECONDS.sleep(warmupSeconds);
        long cpuNanos = system.getProcessCpuTime();
        long counted = answers.sum();
        TimeUnit.SECONDS.sleep(seconds);
        cpuNanos = system.getProcessCpuTime() - cpuNanos;
        counted = answers.sum() - counted;
        System.out.printf(
                "%-16s %6.2f µs CPU per request, %7d requests/s, %d wrong%n",
                client, cpuNanos / 1e3 / counted, counted / seconds, wrong.sum());
    }

    private void counted(boolean right) {
        answers.increment();
        if (!right) {
            wrong.increment();
        }
    }

    private void pumasi(int port, int connections, boolean callbacks) {
        Loop loop = LoopGroup.start("client", 1, Drivers.choose(Drivers.AUTO).factory())
                .next();
        dev.pumasi.http.HttpClient client = dev.pumasi.http.HttpClient.builder()
                .limits(ClientLimits.builder()
                        .connectionsPerOriginMax(connections)
                        .build())
                .open();
        ClientRequest request = ClientRequest.get("http://127.0.0.1:" + port + "/plaintext");
        for (int i = 0; i < connections; i++) {
            if (callbacks) {
                loop.execute(() -> askAgain(loop, client, request));
            } else {
                loop.spawn(() -> {
                    while (true) {
                        try (ClientResponse answer = client.send(request)) {
                            counted(answer.body().bytes().length == ANSWER_BYTES);
                        }
                    }
                });
            }
        }
    }

    private void askAgain(Loop loop, dev.pumasi.http.HttpClient client, ClientRequest request) {
        client.fetch(loop, request).onDone(outcome -> {
            counted(outcome instanceof dev.pumasi.runtime.Operation.Success<ClientResponse>(ClientResponse answer)
                    && answer.body().length() == ANSWER_BYTES);
            askAgain(loop, client, request);
        });
    }

    private void jdk(int port, int connections) {
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(5))
                .build();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/plaintext"))
                .build();
        for (int i = 0; i < connections; i++) {
            askAgain(client, request);
        }
    }

    private void askAgain(HttpClient client, HttpRequest request) {
        var unused = client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
                .whenComplete((answer, failure) -> {
                    counted(failure == null && answer.body().length == ANSWER_BYTES);
                    askAgain(client, request);
                });
    }

    private void netty(int port, int connections) throws InterruptedException {
        Bootstrap bootstrap = new Bootstrap()
                .group(new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()))
                .channel(EpollSocketChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new HttpClientCodec())
                                .addLast(new HttpObjectAggregator(AGGREGATED_BYTES_MAX))
                                .addLast(new Asker(port));
                    }
                });
        for (int i = 0; i < connections; i++) {
            bootstrap.connect("127.0.0.1", port).sync();
        }
    }

    /** Asks again when it has an answer; one for each connection. */
    private final class Asker extends SimpleChannelInboundHandler<FullHttpResponse> {

        private final String host;

        Asker(int port) {
            host = "127.0.0.1:" + port;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            ask(context);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpResponse answer) {
            counted(answer.content().readableBytes() == ANSWER_BYTES);
            ask(context);
        }

        private void ask(ChannelHandlerContext context) {
            DefaultFullHttpRequest request =
                    new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/plaintext");
            request.headers().set(HttpHeaderNames.HOST, host);
            var unused = context.writeAndFlush(request);
        }
    }

    private void vertx(int port, int connections) {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        io.vertx.core.http.HttpClient client =
                vertx.createHttpClient(new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(connections));
        vertx.runOnContext(ignored -> {
            for (int i = 0; i < connections; i++) {
                askAgain(client, port);
            }
        });
    }

    private void askAgain(io.vertx.core.http.HttpClient client, int port) {
        client.request(io.vertx.core.http.HttpMethod.GET, port, "127.0.0.1", "/plaintext")
                .compose(request -> request.send().compose(answer -> answer.body()))
                .onComplete(body -> {
                    counted(body.succeeded() && body.result().length() == ANSWER_BYTES);
                    askAgain(client, port);
                });
    }
}
