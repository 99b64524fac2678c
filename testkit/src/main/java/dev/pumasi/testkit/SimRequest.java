package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** What an operation on a {@link SimDriver} is to do. */
sealed interface SimRequest {

    record Accept(SimListener listener) implements SimRequest {}

    record Connect(SimStream stream, SocketAddress peer) implements SimRequest {}

    record ReceiveMany(SimStream stream) implements SimRequest {}

    record Receive(SimStream stream, Buffer into, int offset, int length) implements SimRequest {}

    record Send(SimStream stream, Buffer from, int offset, int length) implements SimRequest {}

    record SendGathered(SimStream stream, Gather pieces) implements SimRequest {}

    record ReceiveFrom(SimDatagrams socket, Buffer into, int offset, int length, Buffer control)
            implements SimRequest {}

    record SendTo(SimDatagrams socket, Buffer from, int offset, int length, InetSocketAddress to)
            implements SimRequest {}

    /** Something on a file, or on a path. */
    record OnFile(SimFiles.Work work) implements SimRequest {}

    /** From a file to a stream. */
    record Transfer(SimStream stream, SimFiles.Work work, SimFiles.Open file, long position, int length)
            implements SimRequest {}

    /** What can only fail. */
    record Refused(int errno) implements SimRequest {}

    default String verb() {
        return switch (this) {
            case Accept _ -> "accept";
            case Connect _ -> "connect";
            case ReceiveMany _ -> "receive*";
            case Receive _ -> "receive";
            case Send _, SendGathered _ -> "send";
            case ReceiveFrom _ -> "receiveFrom";
            case SendTo _ -> "sendTo";
            case OnFile file -> file.work().verb;
            case Transfer _ -> "transfer";
            case Refused _ -> "refused";
        };
    }

    /** Whether it waits for what comes in, rather than for what may go out. */
    default boolean isInput() {
        return switch (this) {
            case Accept _, ReceiveMany _, Receive _, ReceiveFrom _ -> true;
            case Connect _, Send _, SendGathered _, SendTo _, OnFile _, Transfer _, Refused _ -> false;
        };
    }
}
