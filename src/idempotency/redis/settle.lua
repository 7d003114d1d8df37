-- KEYS[1]; claimant, outcome.
if redis.call('HGET', KEYS[1], 'claimant') ~= ARGV[1] then return { 'superseded' } end
if redis.call('HEXISTS', KEYS[1], 'outcome') == 1 then
  -- A write, because WAIT promises to wait for the writes of its connection only.
  redis.call('HSET', KEYS[1], 'claimant', ARGV[1])
  return { 'already' }
end
redis.call('HSET', KEYS[1], 'outcome', ARGV[2])
return { 'done' }
