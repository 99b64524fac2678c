-- One line for the measuring program; wrk's own text rounds.
function done(summary, latency, requests)
  local e = summary.errors
  print(string.format("REPORT requests=%d micros=%d p50=%d p99=%d errors=%d",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
