-- KEYS[1]; fingerprint, claimant, now, lease until, window ends, take over?, lifetime in ms,
-- tolerance of the clocks in s or ''.
-- One key per script: it needs one slot of a cluster.
local fingerprint, claimant, now, lease_until, window_ends = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if ARGV[8] ~= '' then
  local server = tonumber(redis.call('TIME')[1])
  if math.abs(server - tonumber(now)) > tonumber(ARGV[8]) then return { 'clock' } end
end
local old = redis.call('HMGET', KEYS[1], 'fingerprint', 'claimant', 'since', 'lease', 'window', 'outcome')
if old[5] and tonumber(now) <= tonumber(old[5]) then
  if old[1] ~= fingerprint then return { 'mismatch' } end
  if old[6] then return { 'settled', old[6] } end
  if old[2] == claimant then
    -- A write, because WAIT promises to wait for the writes of its connection only.
    redis.call('PEXPIRE', KEYS[1], ARGV[7])
    return { 'new', old[5] }
  end
  if tonumber(now) < tonumber(old[4]) then return { 'in flight', old[3], old[4] } end
  if ARGV[6] ~= '1' then return { 'abandoned', old[3] } end
  window_ends = old[5]
  if tonumber(lease_until) > tonumber(window_ends) then window_ends = lease_until end
end
-- First what may be refused for want of memory: until then nothing has changed.
redis.call('HSET', KEYS[1], 'fingerprint', fingerprint, 'claimant', claimant, 'since', now,
  'lease', lease_until, 'window', window_ends)
redis.call('HDEL', KEYS[1], 'outcome')
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return { 'new', window_ends }
