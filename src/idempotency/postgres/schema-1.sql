-- Partitioned by a hash of the key, not by time: a key must be unique over all partitions, or two
-- claims around midnight would both be new. Vacuum works on one small partition at a time.
CREATE TABLE open_banking.claim (
  key bytea PRIMARY KEY CHECK (length(key) = 32),
  fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
  claimant bytea NOT NULL CHECK (length(claimant) = 16),
  since bigint NOT NULL,
  lease_until bigint NOT NULL,
  window_ends bigint NOT NULL,
  outcome bytea
) PARTITION BY HASH (key);
CREATE INDEX ON open_banking.claim (window_ends);

CREATE TABLE open_banking.replay (
  key bytea PRIMARY KEY CHECK (length(key) = 32),
  nonce bytea NOT NULL,
  until bigint NOT NULL
) PARTITION BY HASH (key);
CREATE INDEX ON open_banking.replay (until);

DO $$
BEGIN
  FOR part IN 0..7 LOOP
    EXECUTE format('CREATE TABLE open_banking.claim_%s PARTITION OF open_banking.claim
      FOR VALUES WITH (MODULUS 8, REMAINDER %s) WITH (fillfactor = 70)', part, part);
    EXECUTE format('CREATE TABLE open_banking.replay_%s PARTITION OF open_banking.replay
      FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
  END LOOP;
END $$;

COMMENT ON TABLE open_banking.claim IS 'Idempotency keys: who claimed them, and the outcome. Times are seconds since 1970.';
COMMENT ON TABLE open_banking.replay IS 'Identifiers that were used once. Times are seconds since 1970.';
