#!/bin/sh
# Makes certificates and keys for tests of TLS in DIR: NAME.pem and NAME.key.
#   ca, other_ca   two authorities
#   server         for 127.0.0.1, localhost and redis.test; signed by ca
#   named          for redis.test only; signed by ca
#   expired        as server, but no longer valid
#   client         for a client; signed by ca
#   stranger       for a client; signed by other_ca
set -eu
cd "${1:?usage: certificates.sh DIR}"
exec 2>certificates.log


authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -days 3650 -keyout "$1.key" \
		-out "$1.pem"
}

# signed NAME CA DAYS SUBJECT_ALT_NAME
signed() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
	printf 'subjectAltName=%s\n' "$4" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -set_serial 1 -days "$3" -extfile "$1.ext" -out "$1.pem"
	rm "$1.csr" "$1.ext"
}

authority ca
authority other_ca
signed server ca 3650 'IP:127.0.0.1,DNS:localhost,DNS:redis.test'
signed named ca 3650 'DNS:redis.test'
signed expired ca -1 'IP:127.0.0.1'
signed client ca 3650 'DNS:client.test'
signed stranger other_ca 3650 'DNS:client.test'
