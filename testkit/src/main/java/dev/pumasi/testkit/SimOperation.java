package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An operation in progress on a {@link SimDriver}: it is tried at a poll, and completes, reports one of several
 * completions, or waits. Running it means: its socket has changed, try it at the next poll.
 */
final class SimOperation implements Runnable {

    /** The most that one send moves; a send buffer holds less. */
    private static final int SEND_BYTES_MAX = 1 << 30;

    /** How often a cancelled operation says so though it could report something else. */
    private static final double SAYS_CANCELLED = 0.5;

    // How the sender of a datagram lies in its control buffer.
    private static final int IP_LENGTH_AT = 0;
    private static final int PORT_AT = 4;
    private static final int IP_AT = 8;

    final SimRequest request;
    final long token;

    private final SimDriver driver;
    private final int handle;
    private final @Nullable SimSocket socket;

    /** Whether the driver will try it. */
    boolean marked;

    /** Its end was asked for. */
    boolean cancelled;

    /** Its handle was closed. */
    boolean abandoned;

    private boolean connecting;

    SimOperation(SimDriver driver, SimRequest request, long token, int handle, @Nullable SimSocket socket) {
        this.driver = driver;
        this.request = request;
        this.token = token;
        this.handle = handle;
        this.socket = socket;
    }

    @Override
    public void run() {
        driver.mark(this);
    }

    /** There is room for one completion. */
    void attempt(Dice dice, Completions completions) {
        if (request instanceof SimRequest.OnFile file) {
            onFile(file.work(), completions);
            return;
        }
        if (cancelled && (abandoned || dice.chance(SAYS_CANCELLED))) {
            end(-Errno.ECANCELED, 0, completions);
            return;
        }
        int before = completions.size();
        switch (request) {
            case SimRequest.Accept accept -> accept(accept.listener(), dice, completions);
            case SimRequest.Connect connect -> connect(connect, completions);
            case SimRequest.ReceiveMany receive -> receiveMany(receive.stream(), dice, completions);
            case SimRequest.Receive receive -> receiveOnce(receive, completions);
            case SimRequest.Send send -> {
                int count = sendShare(send.stream(), send.length(), completions);
                if (count > 0) {
                    send.stream().write(send.from().bytes(send.offset(), count));
                }
            }
            case SimRequest.SendGathered send -> {
                int all = (int) Math.min(SEND_BYTES_MAX, send.pieces().length());
                int count = sendShare(send.stream(), all, completions);
                if (count > 0) {
                    send.stream().write(bytes(send.pieces(), count));
                }
            }
            case SimRequest.ReceiveFrom receive -> receiveFrom(receive, completions);
            case SimRequest.SendTo send -> {
                byte[] datagram = send.from().bytes(send.offset(), send.length());
                end(send.socket().send(datagram, send.to()), 0, completions);
            }
            case SimRequest.Transfer transfer -> transfer(transfer, completions);
            case SimRequest.OnFile impossible -> throw new AssertionError(impossible);
            case SimRequest.Refused refused -> end(-refused.errno(), 0, completions);
        }
        if (completions.size() == before && cancelled) {
            end(-Errno.ECANCELED, 0, completions);
        }
    }

    /** What a disk has begun ends by itself, so that a cancelled one is never half done. */
    private void onFile(SimFiles.Work work, Completions completions) {
        if (work.isDue()) {
            end(work.run(), 0, completions);
        } else if (cancelled && work.endsByCancel()) {
            end(-Errno.ECANCELED, 0, completions);
        }
    }

    private void transfer(SimRequest.Transfer transfer, Completions completions) {
        if (!transfer.work().isDue()) {
            return;
        }
        int failure = transfer.work().run();
        byte[] bytes = SimFiles.bytes(transfer.file(), transfer.position(), transfer.length());
        if (failure < 0 || bytes.length == 0) {
            end(failure, 0, completions);
            return;
        }
        int count = sendShare(transfer.stream(), bytes.length, completions);
        if (count > 0) {
            transfer.stream().write(Arrays.copyOf(bytes, count));
        }
    }

    private void accept(SimListener listener, Dice dice, Completions completions) {
        if (listener.waiting() == 0) {
            return;
        }
        if (driver.isFull()) {
            // As in the kernel, the handle is looked for first: the connection stays in the queue.
            end(-Errno.EMFILE, 0, completions);
            return;
        }
        SimStream stream = listener.accept();
        if (stream != null) {
            report(driver.adopt(stream), 0, dice, completions);
        }
    }

    private void connect(SimRequest.Connect connect, Completions completions) {
        int result =
                connecting ? connect.stream().connected() : connect.stream().connect(connect.peer());
        boolean waits = connecting ? result == -Errno.EAGAIN : result == 0;
        connecting = true;
        if (!waits) {
            end(result, 0, completions);
        }
    }

    private void receiveMany(SimStream stream, Dice dice, Completions completions) {
        int room = stream.readRoom();
        if (room == -Errno.EAGAIN) {
            return;
        }
        if (room <= 0) {
            end(room, 0, completions);
            return;
        }
        SimBuffers buffers = driver.buffers();
        int id = buffers.take();
        if (id == SimBuffers.NONE) {
            end(-Errno.ENOBUFS, 0, completions);
            return;
        }
        byte[] bytes = stream.read(stream.share(Math.min(room, buffers.bytes())));
        buffers.get(id).put(0, bytes, 0, bytes.length);
        report(bytes.length, Completions.inBuffer(id), dice, completions);
    }

    private void receiveOnce(SimRequest.Receive receive, Completions completions) {
        SimStream stream = receive.stream();
        int room = stream.readRoom();
        if (room == -Errno.EAGAIN) {
            return;
        }
        int count = Math.min(room, receive.length());
        if (count > 0) {
            count = stream.share(count);
            receive.into().put(receive.offset(), stream.read(count), 0, count);
        }
        end(count, 0, completions);
    }

    /** Completes a send that can go on now; how many bytes it moves, or 0 or an error if none. */
    private int sendShare(SimStream stream, int length, Completions completions) {
        int room = stream.writeRoom();
        if (room == -Errno.EAGAIN) {
            return room;
        }
        int count = Math.min(room, length);
        if (count > 0) {
            count = stream.share(count);
        }
        end(count, 0, completions);
        return count;
    }

    /** The first {@code count} bytes. They are copied as late as possible: until then they may not change. */
    private static byte[] bytes(Gather pieces, int count) {
        byte[] bytes = new byte[count];
        int at = 0;
        for (int i = 0; at < count; i++) {
            int length = Math.min(pieces.length(i), count - at);
            pieces.piece(i).get(pieces.offset(i), bytes, at, length);
            at += length;
        }
        return bytes;
    }

    private void receiveFrom(SimRequest.ReceiveFrom receive, Completions completions) {
        SimDatagrams.Datagram datagram = receive.socket().receive();
        if (datagram == null) {
            return;
        }
        int count = Math.min(datagram.bytes.length, receive.length());
        receive.into().put(receive.offset(), datagram.bytes, 0, count);
        byte[] ip = datagram.from.getAddress().getAddress();
        receive.control().putInt(IP_LENGTH_AT, ip.length);
        receive.control().putInt(PORT_AT, datagram.from.getPort());
        receive.control().put(IP_AT, ip, 0, ip.length);
        end(count, 0, completions);
    }

    static InetSocketAddress sender(Buffer control) {
        try {
            byte[] ip = control.bytes(IP_AT, control.getInt(IP_LENGTH_AT));
            return new InetSocketAddress(InetAddress.getByAddress(ip), control.getInt(PORT_AT));
        } catch (UnknownHostException notAnAddress) {
            throw new IllegalStateException("no datagram was received with this control buffer", notAnAddress);
        }
    }

    /** One completion of an operation that goes on, unless the seed ends it here. */
    private void report(int result, int flags, Dice dice, Completions completions) {
        if (dice.chance(driver.endMultishot())) {
            end(result, flags, completions);
            return;
        }
        driver.note(describeResult(result) + "+");
        completions.add(token, result, flags | Completions.MORE);
        driver.mark(this);
    }

    private void end(int result, int flags, Completions completions) {
        driver.forget(this);
        if (socket != null && socket.reader == this) {
            socket.reader = null;
        }
        if (socket != null && socket.writer == this) {
            socket.writer = null;
        }
        switch (request) {
            case SimRequest.OnFile file -> file.work().ended();
            case SimRequest.Transfer transfer -> transfer.work().ended();
            default -> {}
        }
        driver.note(describeResult(result));
        completions.add(token, result, flags);
    }

    private String describeResult(int result) {
        return request.verb() + " " + handle + " = " + result(result);
    }

    static String result(int result) {
        return result < 0 ? SimNetwork.errorText(-result) : Integer.toString(result);
    }

    /** For a test that waits in vain. */
    String describe() {
        String on = socket == null
                ? "handle " + handle
                : SimNetwork.text(socket.local())
                        + (socket.remote() == null ? "" : " > " + SimNetwork.text(socket.remote()));
        return request.verb() + " on " + on + (cancelled ? ", cancelled" : "");
    }

    @Override
    public String toString() {
        return describe();
    }
}
