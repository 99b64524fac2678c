package dev.pumasi.runtime;

import java.util.concurrent.Executor;

/** The JDK's own scheduler: correct everywhere, but each wait ends on another thread. */
final class DefaultGreenThreads implements GreenThreads.BackEnd {

    @Override
    public String describe() {
        return "virtual threads on the JDK's default scheduler, which hop between threads: start Java with"
                + " --add-opens java.base/java.lang=ALL-UNNAMED to keep them on their loop";
    }

    @Override
    public boolean runsOnLoop() {
        return false;
    }

    @Override
    public Thread unstarted(Executor scheduler, Runnable body) {
        return Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(body);
    }

    @Override
    public Thread carrier() {
        return Thread.currentThread();
    }
}
