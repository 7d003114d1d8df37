#!/bin/sh
# A consent and its payment, with curl and openssl alone: sh try.sh FOLDER CLIENT [URL]
# FOLDER is what `demo --write` wrote, CLIENT is tpp-ec or tpp-rsa. Signs as 3.1.4 and later want it.
set -eu
folder=$1 client=$2 bank=${3:-https://127.0.0.1:8443}
pisp=$bank/open-banking/v3.1/pisp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# PS256: RSASSA-PSS with SHA-256 and a salt as long as the hash.
ps256() {
    openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign "$1" -binary
}

# The value of x-jws-signature over the file $1: header, nothing, signature.
sign_message() {
    case $client in
        tpp-ec) issuer=0015800001041RHAAY/HQuZPIt3ipkh33Uxytox1E ;;
        tpp-rsa) issuer=0015800001041RFAAZ/Xk3vSpcNqTeqUzQCd5Yt9w ;;
    esac
    obie=http://openbanking.org.uk
    head=$(printf '{"alg":"PS256","kid":"%s-seal","%s/iat":%s,"%s/iss":"%s","%s/tan":"openbanking.org.uk","crit":["%s/iat","%s/iss","%s/tan"]}' \
        "$client" $obie "$(date +%s)" $obie "$issuer" $obie $obie $obie $obie | base64url)
    payload=$(base64url <"$1")
    printf '%s..%s' "$head" "$(printf '%s.%s' "$head" "$payload" | ps256 "$folder/$client-seal.key" | base64url)"
}

# The customer's token for the consent $1.
token() {
    thumbprint=$(openssl x509 -in "$folder/$client.pem" -outform DER | openssl dgst -sha256 -binary | base64url)
    now=$(date +%s)
    head=$(printf '{"alg":"PS256","typ":"at+jwt","kid":"issuer-1"}' | base64url)
    claims=$(printf '{"iss":"https://auth.bank.example","aud":"https://api.bank.example","exp":%s,"iat":%s,"jti":"%s","sub":"%s","client_id":"%s","scope":"payments","cnf":{"x5t#S256":"%s"},"openbanking_intent_id":"%s"}' \
        $((now + 300)) "$now" "$(openssl rand -hex 16)" "$client" "$client" "$thumbprint" "$1" | base64url)
    printf '%s.%s.%s' "$head" "$claims" \
        "$(printf '%s.%s' "$head" "$claims" | ps256 "$folder/authorization-server.key" | base64url)"
}

# Sends the file $2 to $1 with the token $3; headers to standard error, body to standard output.
post() {
    curl --silent --show-error --cacert "$folder/root-ca.pem" \
        --cert "$folder/$client.pem" --key "$folder/$client.key" \
        --dump-header /dev/stderr --data-binary "@$2" \
        -H 'Content-Type: application/json' -H "Authorization: Bearer $3" \
        -H "x-idempotency-key: $(openssl rand -hex 16)" \
        -H "x-jws-signature: $(sign_message "$2")" "$1"
}

initiation='{"InstructionIdentification":"ACME412","EndToEndIdentification":"FRESCO.21302.GFX.20","InstructedAmount":{"Amount":"165.88","Currency":"GBP"},"CreditorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"08080021325698","Name":"ACME Inc"}}'

printf '{"Data":{"Initiation":%s},"Risk":{}}' "$initiation" >"$work/consent.json"
post "$pisp/domestic-payment-consents" "$work/consent.json" "$(cat "$folder/tokens/$client.payments")" |
    tee "$work/consented.json"
echo
consent=$(sed 's/.*"ConsentId":"\([^"]*\)".*/\1/' "$work/consented.json")

printf '{"Data":{"ConsentId":"%s","Initiation":%s},"Risk":{}}' "$consent" "$initiation" >"$work/payment.json"
post "$pisp/domestic-payments" "$work/payment.json" "$(token "$consent")"
echo
