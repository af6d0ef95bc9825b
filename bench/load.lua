-- What wrk asks for. Arguments: the method, the path, a file of lines to take in turn, and how to use them:
--   bearer   each line is an access token
--   body     each line is a body
--   refresh  each line is a user id and their refresh token, which each answer replaces
local method, path, use
local lines, owners, at, next_line = {}, {}, {}, 0

function init(args)
  method, path, use = args[1], args[2], args[4]
  for line in io.lines(args[3]) do
    local owner, token = line:match("^(%S+)\t(.+)$")
    lines[#lines + 1] = token or line
    if owner then
      owners[#lines] = owner
      at[owner] = #lines
    end
  end
  if use == "refresh" then
    response = function(_, _, body)
      local owner = body:match('"id":"([^"]+)"')
      if owner then lines[at[owner]] = body:match('"refresh_token":"([^"]+)"') end
    end
  end
end

function request()
  next_line = next_line % #lines + 1
  local line = lines[next_line]
  local headers = { ["Content-Type"] = "application/json" }
  if use == "bearer" then
    headers["Authorization"] = "Bearer " .. line
    return wrk.format(method, path, headers)
  end
  local body = use == "refresh" and '{"refresh_token":"' .. line .. '"}' or line
  return wrk.format(method, path, headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
