#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vpnctl as a user calls it, as far as it goes without the module: exit codes, messages,
# keys. Where wg is installed its answers are compared with.
# usage: test_cli.sh path/to/vpnctl
set -u

tool=$(realpath "${1:?usage: $0 vpnctl}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
umask 077
passed=0 failed=0

ok() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: $2"
	fi
}

# check NAME CODE PATTERN COMMAND...: its exit code, and a line that it prints
check() {
	local name=$1 code=$2 pattern=$3 got
	shift 3
	"$@" >out 2>&1 </dev/null
	got=$?
	[ "$got" = "$code" ] && grep -qF -- "$pattern" out
	ok $? "$name: exit $got, $(head -c 300 out)"
}

key=$("$tool" genkey)
pub=$("$tool" pubkey <<<"$key")
psk=$("$tool" genpsk)
echo "$key" >key

[ ${#key} = 44 ] && [ ${#pub} = 44 ] && [ ${#psk} = 44 ] && [ "$key" != "$psk" ]
ok $? "keys have 44 characters"
[ "$("$tool" pubkey <<<dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=)" = \
	hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo= ]
ok $? "public key of Alice in RFC 7748, section 6.1"
[ "$(printf %s "$key" | "$tool" pubkey)" = "$pub" ]
ok $? "pubkey without a newline"
[ "$(basenc --base64 -d <<<"$key" | head -c1 | od -An -tu1)" -eq \
	$(($(basenc --base64 -d <<<"$key" | head -c1 | od -An -tu1) & 248)) ]
ok $? "genkey clamps"

check "pubkey of nothing" 1 "Key is not the correct length or format" "$tool" pubkey
check "pubkey and more" 1 "Trailing characters found after key" \
	bash -c "echo '$key x' | '$tool' pubkey"
check "pubkey with an argument" 1 "Usage: vpnctl pubkey" "$tool" pubkey x
check "genkey with an argument" 1 "Usage: vpnctl genkey" "$tool" genkey x
check "full disk" 1 "No space left" bash -c "'$tool' genkey >/dev/full"
check "a file for the world" 0 "Warning: writing to world accessible file." \
	bash -c "umask 022; '$tool' genkey >world; cat world"
[ -z "$("$tool" genkey 2>&1 >private)" ]
ok $? "a file for nobody else: no warning"

check "no such command" 1 "Invalid subcommand: \`bogus'" "$tool" bogus
check "help" 0 "Available subcommands:" "$tool" help
check "--help" 0 "Available subcommands:" "$tool" --help
check "--version" 0 "vpnctl " "$tool" --version
for command in show showconf set setconf addconf syncconf genkey genpsk pubkey monitor; do
	check "$command --help" 0 "Usage: vpnctl $command" "$tool" "$command" --help
done
ln -s "$tool" wg
check "as wg" 0 "Usage: wg show " ./wg show --help
check "bad field" 1 "Invalid parameter: \`bogus'" "$tool" show mt0 bogus
check "too many words" 1 "Usage: vpnctl show" "$tool" show mt0 dump more
check "interfaces and a field" 1 "Usage: vpnctl show" "$tool" show interfaces dump
check "set nothing" 1 "Usage: vpnctl set" "$tool" set mt0
check "showconf nothing" 1 "Usage: vpnctl showconf" "$tool" showconf
check "setconf without a file" 1 "Usage: vpnctl setconf" "$tool" setconf mt0
check "monitor two" 1 "Usage: vpnctl monitor" "$tool" monitor mt0 mt1

# mt-none is no device whether or not the module is there
check "show no device" 1 "Unable to access interface: " "$tool" show mt-none
check "showconf no device" 1 "Unable to access interface: " "$tool" showconf mt-none
check "set no device" 1 "Unable to modify interface: " "$tool" set mt-none listen-port 5
check "a name too long" 1 "No such device" "$tool" set a-name-that-is-too-long listen-port 5
check "bad port" 1 "listen-port: Port is not 0-65535: \`70000'" \
	"$tool" set mt-none listen-port 70000
check "bad word" 1 "Invalid argument: bogus" "$tool" set mt-none bogus
check "bad peer" 1 "\`xx'" "$tool" set mt-none peer xx
check "bad key file" 1 "private-key: nowhere: No such file" "$tool" set mt-none private-key nowhere
check "good key file" 1 "Unable to modify" "$tool" set mt-none private-key key
check "no such file" 1 "nowhere: No such file or directory" "$tool" setconf mt-none nowhere
printf '[Interface]\nListenPort = 1\nFoo = 1\n' >bad.conf
for command in setconf addconf syncconf; do
	check "$command of a bad file" 1 "bad.conf:3: Line unrecognized: \`Foo'" \
		"$tool" "$command" mt-none bad.conf
done
printf '[Peer]\nPublicKey = %s\nEndpoint = no-such-host.invalid:5\n' "$pub" >name.conf
check "a name that does not exist" 1 "name.conf:3: " \
	env WG_ENDPOINT_RESOLUTION_RETRIES=0 "$tool" setconf mt-none name.conf
check "a pipe for a file" 1 "Unable to modify interface: " \
	bash -c "'$tool' setconf mt-none <(echo '[Interface]')"

if command -v wg >/dev/null; then
	[ "$(wg pubkey <key)" = "$pub" ]
	ok $? "pubkey as wg's"
	wg pubkey <<<"$("$tool" genpsk)" >out
	ok $? "wg takes a generated key"
fi

echo "test_cli: $passed passed, $failed failed"
[ "$failed" = 0 ]
