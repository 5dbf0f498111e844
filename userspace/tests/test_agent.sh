#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vpnctl agent as systemd runs it, without the module: what it says to systemd, signals,
# callers at its sockets, and how it ends; under valgrind too, where that is installed.
# usage: test_agent.sh path/to/vpnctl
. "${0%/*}/lib.sh"
agent='' listener=''
trap 'kill $agent $listener 2>/dev/null; rm -rf "$dir"' EXIT

# until SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.05
	done
}

# said LINE COUNT: systemd has heard it so often
said() {
	[ "$(grep -cx -- "$1" notified)" -ge "$2" ]
}

# begin WRAPPER...: an agent with a socket, two ports, and a systemd
begin() {
	rm -f notify notified log
	touch notified
	socat -u UNIX-RECV:notify,mode=600 OPEN:notified,append &
	listener=$!
	until_true 10 test -S notify
	# the pid is that of the shell that becomes the agent
	NOTIFY_SOCKET=$dir/notify WATCHDOG_USEC=400000 "$@" "$tool" agent --interval 1 \
		--hooks "$dir/none" --listen "unix:$dir/sock" --listen 127.0.0.1:0 \
		--listen "[::1]:0" "$dir/mt0.conf" 2>log &
	agent=$!
	until_true 30 said READY=1 1
	ok $? "$1: READY=1: $(cat log)"
	port=$(sed -n 's/^listening on 127.0.0.1://p' log)
}

# end NAME SIGNAL: it ends by the signal, without an error, and takes its socket away
end() {
	local code

	kill "-$2" "$agent"
	wait "$agent"
	code=$?
	ok "$code" "$1: exit code $code: $(cat log)"
	agent=''
	until_true 5 said STOPPING=1 1
	ok $? "$1: STOPPING=1"
	[ ! -e sock ]
	ok $? "$1: the socket is gone"
	kill "$listener"
	wait "$listener" 2>/dev/null
	listener=''
}

# ask ADDRESS REQUEST: what is answered
ask() {
	printf '%b' "$2" | socat -t 5 - "$1"
}

is_page() {
	head -n 1 <<<"$1" | grep -qx $'HTTP/1.0 200 OK\r' && tail -n 1 <<<"$1" | grep -qx '# EOF'
}

get='GET /metrics HTTP/1.0\r\n\r\n'

# use NAME: everything that can be done with it
use() {
	is_page "$(ask UNIX-CONNECT:sock "$get")"
	ok $? "$1: a page from the Unix socket"
	is_page "$(ask "TCP:127.0.0.1:$port" "$get")"
	ok $? "$1: a page from the port"
	ask UNIX-CONNECT:sock 'GET /etc/passwd HTTP/1.0\r\n\r\n' | grep -q '^HTTP/1.0 404 '
	ok $? "$1: 404"
	ask UNIX-CONNECT:sock 'DELETE /metrics HTTP/1.0\r\n\r\n' | grep -q '^HTTP/1.0 405 '
	ok $? "$1: 405"
	until_true 10 said WATCHDOG=1 3
	ok $? "$1: WATCHDOG=1"
	said "STATUS=1 host names of endpoints" 1
	ok $? "$1: STATUS"
	printf '[Peer]\nNonsense = 1\n' >mt0.conf
	kill -HUP "$agent"
	until_true 10 said READY=1 2
	ok $? "$1: ready again after SIGHUP"
	grep -qx RELOADING=1 notified && grep -q '^MONOTONIC_USEC=[1-9]' notified
	ok $? "$1: RELOADING=1"
	until_true 5 grep -q "mt0.conf:2: Line unrecognized" log
	ok $? "$1: a file that is wrong: $(cat log)"
	[ "$(stat -c %a sock)" = 660 ]
	ok $? "$1: mode of the socket"
}

# put_file: a name that is resolved each time, and never is an address
put_file() {
	printf '[Peer]\nPublicKey = AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
Endpoint = no-such-host.invalid:5\n' >mt0.conf
}

wrong() {
	local name=$1 pattern=$2

	shift 2
	timeout 10 "$tool" agent "$@" >out 2>&1
	[ $? = 1 ] && grep -qF -- "$pattern" out
	ok $? "$name: $(head -c 300 out)"
}

wrong "--listen to the world" "not on this machine only" --listen 0.0.0.0:9586
wrong "--listen to the world by IPv6" "not on this machine only" --listen "[::]:9586"
wrong "--listen nowhere" "neither unix:/path nor loopback" --listen localhost:1
wrong "--listen in no folder" "No such file" --listen unix:/nowhere/sock
wrong "--listen without a value" "Usage: vpnctl agent" --listen
wrong "--bogus" "Usage: vpnctl agent" --bogus 1
wrong "--interval 0" "--interval: not 1-86400: \`0'" --interval 0
wrong "--interval 1x" "--interval: not 1-86400: \`1x'" --interval 1x
wrong "a file that is none" "The name must be that of a device" /tmp/x.txt

put_file
begin env
use plain
# more callers than there are places, none of whom says anything
for _ in {1..12}; do
	(exec 3<>"/dev/tcp/127.0.0.1/$port"; sleep 3) 2>/dev/null &
done
sleep 0.5
is_page "$(ask UNIX-CONNECT:sock 'GET /metrics HTTP/1.0\r\n\r\n')" ||
	is_page "$(printf '%b' "$get" | socat -t 12 - UNIX-CONNECT:sock)"
ok $? "a page in spite of silent callers"
end plain TERM

# Who ignores SIGCHLD has no children to wait for: a hook would never be known to have ended
put_file
begin bash -c 'trap "" CHLD; exec "$@"' bash
grep -q "^SigIgn:.*[02468ace]....$" "/proc/$agent/status"
ok $? "SIGCHLD is ignored: $(grep SigIgn "/proc/$agent/status")"
end "SIGCHLD ignored" TERM

if have valgrind "under valgrind"; then
	put_file
	begin valgrind -q --error-exitcode=99 --leak-check=full --track-fds=yes \
		--child-silent-after-fork=yes
	use valgrind
	end valgrind INT
fi

finish
