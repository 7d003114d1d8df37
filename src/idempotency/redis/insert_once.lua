-- KEYS[1]; nonce of this insertion, until, now, lifetime in ms, tolerance of the clocks in s or ''.
if ARGV[5] ~= '' then
  local server = tonumber(redis.call('TIME')[1])
  if math.abs(server - tonumber(ARGV[3])) > tonumber(ARGV[5]) then return { 'clock' } end
end
local old = redis.call('HMGET', KEYS[1], 'nonce', 'until')
if old[2] and tonumber(ARGV[3]) <= tonumber(old[2]) and old[1] ~= ARGV[1] then return { 'seen' } end
redis.call('HSET', KEYS[1], 'nonce', ARGV[1], 'until', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { 'fresh' }
