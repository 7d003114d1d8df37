-- $1 now, $2 the most rows. What has ended by both clocks, the oldest first.
WITH claims AS (
  DELETE FROM open_banking.claim WHERE key = ANY (ARRAY(
    SELECT key FROM open_banking.claim
    WHERE window_ends < least($1, extract(epoch FROM clock_timestamp())::bigint)
    ORDER BY window_ends LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1
), replays AS (
  DELETE FROM open_banking.replay WHERE key = ANY (ARRAY(
    SELECT key FROM open_banking.replay
    WHERE until < least($1, extract(epoch FROM clock_timestamp())::bigint)
    ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1
)
SELECT (SELECT count(*) FROM claims) + (SELECT count(*) FROM replays) AS removed
