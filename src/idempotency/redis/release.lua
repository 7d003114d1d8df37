-- KEYS[1]; claimant.
if redis.call('HGET', KEYS[1], 'claimant') ~= ARGV[1] then return { 'superseded' } end
if redis.call('HEXISTS', KEYS[1], 'outcome') == 1 then return { 'already' } end
redis.call('DEL', KEYS[1])
return { 'done' }
