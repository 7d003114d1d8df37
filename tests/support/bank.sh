# Helpers of the scripts that drive the example bank from outside; for `source`, from the project's
# folder. Builds the bank, and writes its file, keys and certificates to $dir, which is gone at exit.

cargo build --quiet --example bank --example demo
bin=${CARGO_TARGET_DIR:-target}/debug/examples
dir=$(mktemp -d)
bank_pid=
stop_bank() {
  if [ -n "$bank_pid" ]; then
    kill "$bank_pid" 2>/dev/null || true
    wait "$bank_pid" 2>/dev/null || true
    bank_pid=
  fi
}
trap 'stop_bank; rm -rf "$dir"' EXIT
"$bin/demo" --write "$dir" >/dev/null

# Writes the file of the next bank: profile, and the step to leave out, if any.
configure_bank() {
  sed -e "s/^profile = .*/profile = \"$1\"/" \
    -e 's/^listen = .*/listen = "127.0.0.1:0"/' \
    -e 's/^admin_listen = .*/admin_listen = "127.0.0.1:0"/' \
    -e 's/^payment_millis = .*/payment_millis = 0/' "$dir/bank.toml" >"$dir/run.toml"
  if [ -n "${2:-}" ]; then
    sed -i "s/^\[steps\].*/[steps]\n$2 = false/" "$dir/run.toml"
  fi
}

# Starts the bank of that file, in the place of the last one.
run_bank() {
  stop_bank
  rm -f "$dir/ledger.jsonl" "$dir/consents.jsonl" "$dir/out"
  "$bin/bank" --config "$dir/run.toml" >"$dir/out" 2>"$dir/log" &
  bank_pid=$!
  for _ in $(seq 100); do
    grep -qs "^admin " "$dir/out" && break
    kill -0 "$bank_pid" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    sleep 0.1
  done
  url=$(sed -n 's/^listening //p' "$dir/out")/open-banking/v3.1
  admin=$(sed -n 's/^admin //p' "$dir/out")
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# curl with a certificate, or with none for "-"; leaves the status in $status, the answer in files.
call() {
  local certificate=$1
  shift
  local identity=()
  [ "$certificate" = - ] || identity=(--cert "$dir/$certificate.pem" --key "$dir/$certificate.key")
  status=$(curl --silent --show-error --cacert "$dir/root-ca.pem" "${identity[@]}" \
    --output "$dir/body" --dump-header "$dir/head" --write-out '%{http_code}' "$@")
}

accounts() { # certificate, token, further arguments of curl
  local certificate=$1 bearer=$2
  shift 2
  call "$certificate" -H "Authorization: Bearer $bearer" "$@" "$url/aisp/accounts"
}

failed=0
expect() { # wanted pattern, got, what
  if [[ $2 =~ ^($1)$ ]]; then
    printf 'pass\t%s\t%s\n' "$2" "$3"
  else
    printf 'FAIL\t%s\t%s (wanted %s)\n' "$2" "$3" "$1"
    failed=$((failed + 1))
  fi
}
