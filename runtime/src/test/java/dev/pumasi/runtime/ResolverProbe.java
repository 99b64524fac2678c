package dev.pumasi.runtime;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A JVM in which another resolver is installed: what a green thread sees of it. */
final class ResolverProbe {

    private ResolverProbe() {}

    public static void main(String[] args) throws Exception {
        try (LoopGroup loops = LoopGroup.start("probe", 1, args[0])) {
            Loop loop = loops.next();
            CompletableFuture<Void> done = new CompletableFuture<>();
            loop.spawn(() -> {
                try {
                    if (args[1].equals("hanging")) {
                        hanging(loop);
                    } else {
                        green();
                    }
                    done.complete(null);
                } catch (Throwable failure) {
                    done.completeExceptionally(failure);
                }
            });
            done.join();
            System.out.println("hops " + loop.status().hops());
        }
    }

    /** One name hangs; another is resolved meanwhile, and connected to. */
    private static void hanging(Loop loop) throws Exception {
        Operation<?> hangs = Names.shared().resolve(loop, "hanging.example").within(Duration.ofMillis(300));
        InetAddress another =
                Names.shared().resolve(loop, "another.example").await().getFirst();
        try (ServerSocket server = new ServerSocket(0, 1, another)) {
            StreamSocket socket = StreamSocket.connect(loop, "another.example", server.getLocalPort())
                    .await();
            try {
                hangs.await();
            } catch (OperationException late) {
                System.out.println("hanging " + late.failure());
            }
            System.out.println("another " + another.getHostAddress());
            System.out.println("connected " + !socket.isClosed());
            socket.close();
        }
    }

    /** The JDK's own calls. Below localhost all is loopback for us, and unknown to most resolvers. */
    private static void green() throws Exception {
        System.out.println(
                "below localhost " + InetAddress.getByName("db.localhost").isLoopbackAddress());
        try {
            System.out.println(InetAddress.getByName("nobody.invalid"));
        } catch (UnknownHostException unknown) {
            System.out.println("unknown " + unknown.getMessage());
        }
    }
}
