package dev.pumasi.lab;

import java.util.List;
import java.util.Map;

/**
 * What a lab has found.
 *
 * @param environment where it was measured, in words, by name
 * @param begun when, in words
 * @param seconds how long all of it took
 * @param findings of each scenario, as far as it came
 * @param remarks on all of it; what was left out among them
 */
record LabReport(
        Map<String, String> environment, String begun, double seconds, List<Findings> findings, List<String> remarks) {

    LabReport {
        findings = List.copyOf(findings);
        remarks = List.copyOf(remarks);
    }
}
