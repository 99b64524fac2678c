-- Sixteen requests in one write; wrk waits for all sixteen answers before the next.
local batch

function init(arguments)
  local requests = {}
  for i = 1, 16 do
    requests[i] = wrk.format()
  end
  batch = table.concat(requests)
end

function request()
  return batch
end

dofile(debug.getinfo(1, "S").source:match("^@(.*)pipelined%.lua$") .. "report.lua")
