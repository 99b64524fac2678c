package dev.pumasi.examples;

import java.io.IOException;

/** A process that does nothing: it gives back what it is given, and ends when there is no more. */
final class IdleProcess {

    private IdleProcess() {}

    public static void main(String[] args) throws IOException {
        for (int octet = System.in.read(); octet >= 0; octet = System.in.read()) {
            System.out.write(octet);
            System.out.flush();
        }
    }
}
