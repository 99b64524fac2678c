package dev.pumasi.queue.http;

import java.io.IOException;

/** A request is not done, and this is the answer. */
final class Refusal extends IOException {

    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    Refusal(Problem problem) {
        super(problem.detail());
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }
}
