package dev.pumasi.benchmarks.servers;

import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;
import static io.netty.handler.codec.http.HttpHeaderNames.DATE;
import static io.netty.handler.codec.http.HttpHeaderNames.LAST_MODIFIED;
import static io.netty.handler.codec.http.HttpHeaderNames.SERVER;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.uring.IoUringBufferRingConfig;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringFixedBufferRingAllocator;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeUnit;

/**
 * Netty with its own HTTP codec and one event loop. Responses are gathered while a read is being worked off and flushed
 * at its end, their constant parts are made once, and response headers are not validated again.
 */
public final class NettyServer {
    private static final short BUFFER_GROUP = 1;
    private static final short BUFFERS = 4096;
    private static final int BUFFER_BYTES = 2048;
    private static final int RING_ENTRIES = 4096;
    private static final int BACKLOG = 4096;

    private NettyServer() {}

    /** Arguments: {@code epoll} or {@code io_uring}, and the port. */
    public static void main(String[] arguments) throws InterruptedException {
        final var uring = arguments[0].equals("io_uring");
        final IoHandlerFactory transport = uring ? IoUringIoHandler.newFactory(ring()) : EpollIoHandler.newFactory();
        final Class<? extends ServerChannel> channel =
                uring ? IoUringServerSocketChannel.class : EpollServerSocketChannel.class;
        final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, transport);
        final var date = new Date();
        loop.scheduleAtFixedRate(date, 0, 1, TimeUnit.SECONDS);
        final var bootstrap = new ServerBootstrap()
                .group(loop)
                .channel(channel)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        accepted.pipeline().addLast(new HttpServerCodec(), new Plaintext(date));
                    }
                });
        if (uring) {
            bootstrap.childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, BUFFER_GROUP);
        }
        bootstrap
                .bind(Integer.parseInt(arguments[1]))
                .sync()
                .channel()
                .closeFuture()
                .sync();
    }

    /** With a ring of provided buffers Netty receives with multishot, which is its fastest way. */
    private static IoUringIoHandlerConfig ring() {
        final var buffers = IoUringBufferRingConfig.builder()
                .bufferGroupId(BUFFER_GROUP)
                .bufferRingSize(BUFFERS)
                .batchSize(BUFFERS / 2)
                .batchAllocation(false)
                .allocator(new IoUringFixedBufferRingAllocator(BUFFER_BYTES))
                .build();
        return new IoUringIoHandlerConfig().setRingSize(RING_ENTRIES).setBufferRingConfig(buffers);
    }

    /** Renewed on the loop, read on the loop. */
    private static final class Date implements Runnable {
        private AsciiString text = AsciiString.EMPTY_STRING;

        @Override
        public void run() {
            text = new AsciiString(DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
        }
    }

    private static final class Plaintext extends SimpleChannelInboundHandler<HttpObject> {
        private static final AsciiString SERVER_NAME = AsciiString.cached("netty");
        private static final byte[] TEXT = "Hello, World!".getBytes(US_ASCII);
        private static final AsciiString TEXT_BYTES = AsciiString.cached(Integer.toString(TEXT.length));
        private static final ByteBuf BODY = Unpooled.unreleasableBuffer(
                Unpooled.directBuffer(TEXT.length).writeBytes(TEXT).asReadOnly());
        private static final String FILES = "/files/";
        private static final String FOLDER = System.getProperty("pumasi.benchmarks.files", "target/files");
        private static final DefaultHttpHeadersFactory HEADERS =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false);

        private final Date date;

        Plaintext(Date date) {
            this.date = date;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject message) throws IOException {
            if (message instanceof HttpRequest request) {
                if (request.uri().startsWith(FILES)) {
                    sendFile(context, Path.of(FOLDER, request.uri().substring(FILES.length())));
                } else {
                    answer(context, request);
                }
            }
        }

        /** As in Netty's own example of a file server: opened for each request, and sent by the kernel. */
        private void sendFile(ChannelHandlerContext context, Path path) throws IOException {
            final var file = FileChannel.open(path, StandardOpenOption.READ);
            final var length = file.size();
            final var response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, HEADERS);
            response.headers()
                    .set(CONTENT_TYPE, HttpHeaderValues.APPLICATION_OCTET_STREAM)
                    .set(SERVER, SERVER_NAME)
                    .set(DATE, date.text)
                    .set(CONTENT_LENGTH, length)
                    .set(LAST_MODIFIED, Files.getLastModifiedTime(path).toString());
            context.write(response, context.voidPromise());
            context.write(new DefaultFileRegion(file, 0, length)); // which closes it
            context.write(LastHttpContent.EMPTY_LAST_CONTENT, context.voidPromise());
        }

        private void answer(ChannelHandlerContext context, HttpRequest request) {
            final var found = request.uri().equals("/plaintext");
            final var response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    found ? HttpResponseStatus.OK : HttpResponseStatus.NOT_FOUND,
                    found ? BODY.duplicate() : Unpooled.EMPTY_BUFFER,
                    HEADERS,
                    HEADERS);
            response.headers()
                    .set(CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN)
                    .set(SERVER, SERVER_NAME)
                    .set(DATE, date.text)
                    .set(CONTENT_LENGTH, found ? TEXT_BYTES : HttpHeaderValues.ZERO);
            if (HttpUtil.isKeepAlive(request)) {
                if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
                    response.headers().set(CONNECTION, HttpHeaderValues.KEEP_ALIVE);
                }
                context.write(response, context.voidPromise());
            } else {
                response.headers().set(CONNECTION, HttpHeaderValues.CLOSE);
                context.write(response).addListener(ChannelFutureListener.CLOSE);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
