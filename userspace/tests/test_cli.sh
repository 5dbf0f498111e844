#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vpnctl as a user calls it, as far as it goes without the module: exit codes, messages,
# keys. Where wg is installed its answers are compared with.
# usage: test_cli.sh path/to/vpnctl
. "${0%/*}/lib.sh"
umask 077
completions=$here/../completion

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

check "no such command" 1 "Invalid subcommand: \`bogus'; \`vpnctl --help' lists them" "$tool" bogus
check "help" 0 "Available subcommands:" "$tool" help
check "--help" 0 "Available subcommands:" "$tool" --help
check "--version" 0 "vpnctl " "$tool" --version
for command in show showconf set setconf addconf syncconf genkey genpsk pubkey monitor mtu metrics agent top \
	up down save strip reload addclient; do
	check "$command --help" 0 "Usage: vpnctl $command" "$tool" "$command" --help
done
# On a terminal of 80 columns and 24 lines, the last of which is the shell's
{
	"$tool" --help
	for command in $("$tool" --help | sed -nE 's/^  ([a-z]+): .*/\1/p'); do
		"$tool" "$command" --help
	done
} >out
[ "$(wc -L <out)" -le 80 ] && [ "$("$tool" --help | wc -l)" -le 23 ] && [ "$(wc -l <out)" -gt 50 ]
ok $? "help is too large: $(wc out; awk 'length > 80' out)"
# Both completions know every command and every option that the tool says it has
for file in "$completions"/vpnctl "$completions"/_vpnctl; do
	missing=$("$tool" help | sed -nE 's/^  ([a-z]+): .*/\1/p' | while read -r command; do
		grep -qE "(^|[^a-z])$command([^a-z]|$)" "$file" || echo "$command"
		"$tool" "$command" --help | grep -oE -- '--[a-z-]+' | sort -u | while read -r option; do
			grep -qF -- "$option" "$file" || echo "$command $option"
		done
	done)
	[ -z "$missing" ]
	ok $? "$file does not know: $missing"
done
# Who may name a device must not be able to run anything where somebody presses TAB
mkdir tab
# shellcheck disable=SC2016 # is what it is called
printf '#!/bin/sh\necho '\''mt0 $(id>pwned) mt1'\''\n' >tab/vpnctl
chmod +x tab/vpnctl
if have bash "completion and names of devices"; then
	# shellcheck disable=SC2016 # for bash
	offered=$(PATH=$PWD/tab:$PATH bash -c '. "$0"; COMP_WORDS=(vpnctl show m) COMP_CWORD=2
		_vpnctl; echo "${COMPREPLY[*]}"' "$completions/vpnctl")
	[ "$offered" = "mt0 mt1" ] && [ ! -e pwned ]
	ok $? "completion and names of devices: $offered $(ls pwned 2>&1)"
fi
if have zsh "zsh reads its completion"; then
	zsh -n "$completions/_vpnctl"
	ok $? "zsh reads its completion"
fi
ln -s "$tool" wg
check "as wg" 0 "Usage: wg show " ./wg show --help
check "bad field" 1 "Invalid parameter: \`bogus'" "$tool" show mt0 bogus
check "too many words" 1 "Usage: vpnctl show" "$tool" show mt0 dump more
check "interfaces and a field" 1 "Usage: vpnctl show" "$tool" show interfaces dump
check "set nothing" 1 "Usage: vpnctl set" "$tool" set mt0
check "showconf nothing" 1 "Usage: vpnctl showconf" "$tool" showconf
check "setconf without a file" 1 "Usage: vpnctl setconf" "$tool" setconf mt0
check "monitor two" 1 "Usage: vpnctl monitor" "$tool" monitor mt0 mt1
check "no JSON of set" 1 "There is no JSON of \`set'" "$tool" -j set mt0
check "mtu, -j at the end" 1 "Key is not the correct length or format: \`AAEC'" "$tool" mtu mt0 peer AAEC -j
check "mtu of nothing" 1 "Usage: vpnctl mtu" "$tool" mtu
check "mtu of an interface" 1 "Usage: vpnctl mtu" "$tool" mtu mt0
check "mtu of no peer" 1 "Usage: vpnctl mtu" "$tool" mtu mt0 peer
check "mtu without the word" 1 "Usage: vpnctl mtu" "$tool" mtu mt0 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= peer
check "mtu of two" 1 "Usage: vpnctl mtu" "$tool" mtu mt0 peer AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= peer
check "mtu, a bad key" 1 "Key is not the correct length or format: \`AAEC'" "$tool" mtu mt0 peer AAEC
check "mtu, a long name" 1 "No name of an interface" "$tool" mtu mt0123456789abcdef peer AAEC
check "metrics of two" 1 "Usage: vpnctl metrics" "$tool" metrics mt0 mt1
check "metrics --bogus" 1 "Usage: vpnctl metrics" "$tool" metrics --bogus
check "metrics of no device" 1 "Unable to access interface: " "$tool" metrics mt-none
check "metrics" 0 "# TYPE mytun_peer_receive_bytes counter" "$tool" metrics
[ "$(tail -n 1 out)" = "# EOF" ]
ok $? "metrics end with # EOF"

# ---- top, with no device to show
check "top two" 1 "Usage: vpnctl top" "$tool" top mt0 mt1
check "top -n" 1 "Usage: vpnctl top" "$tool" top -n
check "top -n 0" 1 "-n: not a number of screens: \`0'" "$tool" top -n 0
check "top -d 0" 1 "-d: not 0.1-3600 seconds: \`0'" "$tool" top -d 0
check "top of no device" 1 "Unable to access interface: " "$tool" top mt-none
check "top" 0 "DEVICE PEER " timeout 10 "$tool" top -n 2 -d 0.1
[ "$(grep -c "^DEVICE PEER " out)" = 2 ] && ! grep -q $'\e' out
ok $? "top in a file: two screens without escape sequences"
# on a terminal of its own, until it is told q; then the terminal is as it was
{ sleep 0.5; printf q; } | timeout 10 script -qec "stty -g >before; '$tool' top -d 1000; \
	echo exit \$? >code; stty -g >after" /dev/null >out
grep -qF $'\e[?1049h' out && grep -qF $'\e[?1049l' out && grep -q DEVICE out
ok $? "top on a terminal: $(od -c out | head -20)"
[ "$(cat code)" = "exit 0" ] && cmp -s before after
ok $? "q, and the terminal: $(cat code before after)"
if have python3 "top as a job of a shell"; then
	python3 "$here/top_on_pty.py" "$tool" >out 2>&1
	ok $? "top as a job of a shell: $(tail -n 1 out)"
	python3 "$here/top_in_pipe.py" "$tool" >out 2>&1
	ok $? "top in a pipe that is full: $(tail -n 1 out)"
fi

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

# ---- up and down: what they would do, with an MTU so that the host's routes do not matter
printf '[Interface]\nAddress = 10.99.0.1/24\nPrivateKey = %s\nListenPort = 1\nMTU = 1300
[Peer]\nPublicKey = %s\nEndpoint = 192.0.2.1:5\nAllowedIPs = 10.98.0.0/24\n' \
	"$key" "$pub" >mtt0.conf
dry() {
	"$tool" up --dry-run "$@" </dev/null 2>&1
}

# has NAME PATTERN COMMAND...: a line of the output, whole
has() {
	local name=$1 line=$2
	shift 2
	"$@" >out 2>&1 </dev/null
	grep -qxF -- "$line" out
	ok $? "$name: no line $line in $(head -c 900 out)"
}

has "up --dry-run" "link set dev mtt0 mtu 1300 up" dry mtt0.conf
has "the same by path" "route add 10.98.0.0/24 dev mtt0" dry ./mtt0.conf
! dry mtt0.conf | grep -qF "$key"
ok $? "up --dry-run shows a private key"
has "VPNCTL_MTU is before the file" "link set dev mtt0 mtu 1200 up" \
	env VPNCTL_MTU=1200 "$tool" up --dry-run mtt0.conf
has "--mtu is before VPNCTL_MTU" "link set dev mtt0 mtu 1100 up" \
	env VPNCTL_MTU=1200 "$tool" up --dry-run --mtu 1100 mtt0.conf
has "an empty variable is none" "link set dev mtt0 mtu 1300 up" \
	env VPNCTL_MTU= "$tool" up --dry-run mtt0.conf
has "VPNCTL_LISTEN_PORT" "ListenPort = 2" \
	env VPNCTL_LISTEN_PORT=2 "$tool" up --dry-run mtt0.conf
has "--listen-port" "ListenPort = 3" \
	env VPNCTL_LISTEN_PORT=2 "$tool" up --listen-port 3 --dry-run mtt0.conf
has "VPNCTL_ENDPOINT" "Endpoint = [2001:db8::1]:7" \
	env "VPNCTL_ENDPOINT=[2001:db8::1]:7" "$tool" up --dry-run mtt0.conf
has "--endpoint" "Endpoint = 192.0.2.9:9" dry --endpoint 192.0.2.9:9 mtt0.conf
has "--kill-switch" "	chain kill_switch {" dry --kill-switch mtt0.conf
has "--gateway" "	chain gateway {" dry --gateway mtt0.conf
check "VPNCTL_MTU is checked" 1 "VPNCTL_MTU: MTU is not 68-65455: \`x'" \
	env VPNCTL_MTU=x "$tool" up --dry-run mtt0.conf
check "a bad key is not repeated" 1 "VPNCTL_PRIVATE_KEY: Key is not the correct length" \
	env VPNCTL_PRIVATE_KEY=SECRET "$tool" up --dry-run mtt0.conf
! grep -q SECRET out
ok $? "a bad key is repeated"
check "--private-key nowhere" 1 "--private-key: nowhere: No such file" dry --private-key nowhere mtt0.conf
grep -v PrivateKey mtt0.conf >nokey.conf
! dry nokey.conf | grep -q PrivateKey
ok $? "a key from nowhere"
has "VPNCTL_PRIVATE_KEY" "PrivateKey = (hidden)" \
	env VPNCTL_PRIVATE_KEY="$key" "$tool" up --dry-run nokey.conf
has "--private-key" "PrivateKey = (hidden)" dry --private-key key nokey.conf
sed "1a#! PrivateKeyFile = $PWD/key" nokey.conf >keyfile.conf
has "PrivateKeyFile" "PrivateKey = (hidden)" dry keyfile.conf
sed "1a#! PrivateKeyFile = key" nokey.conf >keyfile.conf
has "a credential" "PrivateKey = (hidden)" \
	env CREDENTIALS_DIRECTORY="$PWD" "$tool" up --dry-run keyfile.conf
check "a credential without a folder" 1 "CREDENTIALS_DIRECTORY is not set" \
	env -u CREDENTIALS_DIRECTORY "$tool" up --dry-run keyfile.conf
sed "1a#! PrivateKeyFile = $PWD/key" mtt0.conf >keyfile.conf
check "two keys" 1 "keyfile.conf:4: PrivateKey: PrivateKey and PrivateKeyFile exclude each other" dry keyfile.conf
printf '[Peer]\nPublicKey = %s\n' "$psk" | cat mtt0.conf - >two.conf
check "an endpoint for one of two" 1 "VPNCTL_ENDPOINT: there must be one peer, and there are 2" \
	env VPNCTL_ENDPOINT=192.0.2.1:5 "$tool" up --dry-run two.conf
# ---- two at once: their commands come one after the other, and fail before there is a device
if [ -w /run ]; then
	log=$PWD/log
	for n in 3 4; do
		sed "/^Address/aPreUp = echo in >>$log; sleep 0.3; echo out >>$log; false" mtt0.conf >mtt$n.conf
		"$tool" up mtt$n.conf >once-$n 2>&1 &
	done
	wait
	[ "$(tr '\n' ' ' <log)" = "in out in out " ] && grep -q "^Another vpnctl is under way" once-[34] &&
		[ "$(cat once-[34] | grep -c "PreUp: exit status 1")" = 2 ]
	ok $? "two at once: $(cat log once-3 once-4)"
	rm log
	sed "/^Address/aPreUp = $tool up $PWD/mtt3.conf || echo up >>$log; false" mtt0.conf >mtt4.conf
	timeout 20 "$tool" up mtt4.conf >out 2>&1
	[ "$(tr '\n' ' ' <log)" = "in out up " ] && ! grep -q "Another" out
	ok $? "one in a command of the other: $(cat log out)"
	[ ! -e /run/vpnctl.lock ]
	ok $? "a lock is left"
	# the file changes between its reading and the lock
	sed "/^Address/aPreUp = false" mtt0.conf >mtt5.conf
	for command in reload up; do
		mkfifo free
		flock /run/vpnctl.lock cat free &
		timeout 10 sh -c 'while flock -n /run/vpnctl.lock true; do sleep 0.1; done'
		"$tool" $command ./mtt5.conf >out 2>&1 &
		pid=$!
		timeout 10 sh -c 'until grep -q "waiting for it" out; do sleep 0.1; done'
		echo "# more" >>mtt5.conf
		echo >free
		wait $pid
		[ $? = 1 ] && grep -qF "./mtt5.conf has changed since it was read" out
		ok $? "a file that changes before $command: $(cat out)"
		rm free
	done
	wait
	check "reload a file that does not change" 1 "Unable to access interface" "$tool" reload ./mtt5.conf
else
	echo "# /run cannot be written: two at once have not been tried"
fi

# ---- strip, save, reload
sed '1a# a comment' mtt0.conf >mtt2.conf
cat >stripped <<-END
	[Interface]
	# a comment
	PrivateKey = $key
	ListenPort = 1
	[Peer]
	PublicKey = $pub
	Endpoint = 192.0.2.1:5
	AllowedIPs = 10.98.0.0/24

END
"$tool" strip ./mtt2.conf >out 2>&1 && cmp -s stripped out
ok $? "strip: $(diff stripped out)"
if have wg-quick "strip as wg-quick has it"; then
	wg-quick strip ./mtt2.conf 2>/dev/null | cmp -s - out
	ok $? "strip as wg-quick has it"
fi
sed 's/^PrivateKey.*/#! PrivateKeyFile = key/' mtt2.conf >mtt5.conf
has "strip puts the key of another file in" "PrivateKey = $key" \
	env CREDENTIALS_DIRECTORY="$PWD" "$tool" strip mtt5.conf
check "strip for the world" 0 "Warning: writing to world accessible file." \
	bash -c "umask 022; '$tool' strip mtt2.conf >world2; cat world2"
check "strip a bad file" 1 "bad.conf:3: Line unrecognized" "$tool" strip bad.conf
[ "$(grep -vc : out)" = 1 ]
ok $? "strip has printed a bad file: $(cat out)"
check "strip to a full disk" 1 "No space left" bash -c "'$tool' strip mtt2.conf >/dev/full"
cp mtt2.conf before
check "save what is not up" 1 "mtt2: save the configuration: " "$tool" save mtt2.conf
cmp -s before mtt2.conf
ok $? "save has changed the file: $(cat mtt2.conf)"
check "reload what is not up" 1 "Unable to access interface: " "$tool" reload mtt2.conf
check "reload a bad file" 1 "bad.conf:3: Line unrecognized" "$tool" reload bad.conf
check "reload nothing" 1 "Usage: vpnctl reload" "$tool" reload
check "reload --dry-run" 1 "Usage: vpnctl reload" "$tool" reload --dry-run mtt2.conf
check "save two" 1 "Usage: vpnctl save" "$tool" save mtt0 mtt2
check "strip nothing" 1 "Usage: vpnctl strip" "$tool" strip
check "strip a name" 1 "/etc/vpnctl/no-such-mt.conf: No such file or directory" "$tool" strip no-such-mt

# ---- JSON
json() {
	cat <<-END
		{
		  "mode": "client",
		  "local_addr": "0.0.0.0:9000",
		  "remote_addr": "192.0.2.1:9000",
		  "tunnel_addr": "10.0.0.1/24",
		  "mtu": 1400,
		  "fec_data": 10,
		  "fec_parity": 0,
		  "timeout": 30,
		  "keepalive": 10,
		  "private_key": "$key",
		  "peers": [ { "public_key": "$pub", "allowed_ips": [ "10.0.0.0/24", "10.97.0.0/16" ] } ]
		}
	END
}
json >mtt1.json
printf '%s\n' "[Interface]" "ListenPort = 9000" "Address = 10.0.0.1/24" "MTU = 1400" "PrivateKey = $key" \
	"#! Timeout = 30" "[Peer]" "PublicKey = $pub" "AllowedIPs = 10.0.0.0/24, 10.97.0.0/16" \
	"Endpoint = 192.0.2.1:9000" "PersistentKeepalive = 10" >mtt1.conf
dry mtt1.conf >lines && dry mtt1.json >out && cmp -s lines out && grep -q "^timeout 30 " out
ok $? "the same tunnel in both formats: $(diff lines out)"
has "--mtu is before JSON" "link set dev mtt1 mtu 1100 up" dry --mtu 1100 mtt1.json
has "VPNCTL_ENDPOINT is before JSON" "Endpoint = 192.0.2.9:9" \
	env VPNCTL_ENDPOINT=192.0.2.9:9 "$tool" up --dry-run ./mtt1.json
json | sed 's/"fec_parity": 0/"fec_parity": 3/' >bad.json
check "a feature that is not there" 1 "bad.json: fec_parity: Forward error correction is not built yet" \
	dry bad.json
json | sed 's/"mtu"/"mut"/' >bad.json
check "a key that is not there" 1 "bad.json: mut: There is no such key" dry bad.json
json | sed 's/1400,/1400/' >bad.json
check "what is no JSON" 1 "bad.json:7: '}' expected" dry bad.json
json | sed 's/192.0.2.1/no-such-host.invalid/' >bad.json
check "a name in JSON" 1 "bad.json: " env WG_ENDPOINT_RESOLUTION_RETRIES=0 "$tool" up --dry-run bad.json
! grep -q "bad.json:[0-9]" out
ok $? "there is a line 0: $(cat out)"
json | sed "s,\"private_key\".*,\"private_key_file\": \"$PWD/key\"\,," >keyfile.json
has "private_key_file" "PrivateKey = (hidden)" dry keyfile.json
"$tool" strip mtt1.json >out && "$tool" strip mtt1.conf | grep -v '^#!\|^$' | sort >lines
sort out | grep . | cmp -s - lines
ok $? "strip prints JSON as lines: $(cat out)"
json | sed 's/192.0.2.1/a.example/' >name.json
has "strip resolves no names" "Endpoint = a.example:9000" "$tool" strip name.json
check "save to JSON" 1 "mtt1.json: JSON is read and not written" "$tool" save mtt1.json
check "down with JSON" 1 "mtt1: is not up" "$tool" down mtt1.json
mkdir dir.json
check "a directory" 1 "dir.json: Is a directory" dry dir.json
chmod 644 mtt1.json
check "JSON for everyone" 0 "Warning: mtt1.json is accessible for everyone" dry mtt1.json

# a program that answers only when it has an input, started by one that has none
mkdir programs
cat >programs/ip <<'END'
#!/bin/sh
cat 2>&1 && echo '[{ "dev": "lo", "metrics": [{ "mtu": 1400 }] }]'
END
chmod 700 programs/ip
grep -v MTU mtt0.conf >closed.conf
PATH=$PWD/programs:$PATH "$tool" up --dry-run closed.conf <&- >out 2>&1
grep -q "link set dev closed mtu 1320 up" out
ok $? "without an input: $(head -c 300 out)"
! "$tool" --version >&- 2>out && grep -q "vpnctl: write: " out
ok $? "without an output: $(head -c 300 out)"
check "up nothing" 1 "Usage: vpnctl up" "$tool" up
check "up two" 1 "Usage: vpnctl up" "$tool" up a b
check "up --bogus" 1 "Usage: vpnctl up" "$tool" up --bogus a
check "up --mtu" 1 "Usage: vpnctl up" "$tool" up a --mtu
check "down --mtu" 1 "Usage: vpnctl down" "$tool" down --mtu 1300 a
check "a name" 1 "/etc/vpnctl/no-such-mt.conf: No such file or directory" "$tool" up no-such-mt
check "no name of a device" 1 "The name must be that of a device" "$tool" up ./a-name-that-is-too-long.conf
check "no name at all" 1 "The name must be that of a device" "$tool" up ./.conf
check "no .conf" 1 "The name must be that of a device" "$tool" up ./key
check "a name with a space" 1 "The name must be that of a device" "$tool" up "./a b.conf"
# nft and ip are in sbin, which cron's PATH does not have
mkdir bin
cat >bin/ip <<'END'
#!/bin/sh
echo "$PATH" >>path
echo "[]"
END
chmod 700 bin/ip
PATH=$PWD/bin:/usr/bin:/bin "$tool" up --dry-run closed.conf >out 2>&1 </dev/null
grep -qx "$PWD/bin:/usr/bin:/bin:/usr/sbin:/sbin" path
ok $? "PATH of tools: $(head -c 300 path out)"
chmod 644 mtt0.conf
check "a file for everyone" 0 "Warning: mtt0.conf is accessible for everyone" dry mtt0.conf
chmod 600 mtt0.conf
check "down what is not up" 1 "mtt0: is not up" "$tool" down mtt0.conf
sed '/^Address/aDNS = 192.0.2.53' mtt0.conf >mtt6.conf
check "down what may have left name servers" 1 "resolvconf -d" "$tool" down --dry-run mtt6.conf
grep -qx "mtt6: is not up" out
ok $? "down of what is not up succeeds: $(cat out)"
sed 's/^MTU/Cipher/' mtt0.conf >bad.conf
check "a bad file" 1 "bad.conf:5: Line unrecognized: \`Cipher'" "$tool" up --dry-run bad.conf
printf '#! Cipher = aes-128\n' | cat mtt0.conf - >bad.conf
check "a cipher" 1 "bad.conf:10: Cipher: Cipher is not auto, chacha20-poly1305 or aes-256-gcm: \`aes-128'" \
	"$tool" up --dry-run bad.conf

if have wg "keys as those of wg"; then
	[ "$(wg pubkey <key)" = "$pub" ]
	ok $? "pubkey as wg's"
	wg pubkey <<<"$("$tool" genpsk)" >out
	ok $? "wg takes a generated key"
fi

finish
