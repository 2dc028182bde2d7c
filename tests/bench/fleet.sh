#!/bin/sh
# fleet.sh start|stop DIR N - N boards on Debian's OpenSSH server, loopback.
#
# Board i listens on 127.1.a.b (i = 256 a + b, from 1) at one port for all,
# because an sshd listens on sixteen addresses at most: so there is one sshd
# for each sixteen boards, unpacked by tests/tools/fetch-daemons.sh and run as
# an ordinary user. As root a made-up one is used, which only they believe in.
# Writes DIR/ssh_config (pdsh, clush), DIR/known_hosts, DIR/key and DIR/hosts.
set -eu
what=$1 dir=$2 n=${3-0}
daemons=${RM_DAEMONS:?set RM_DAEMONS, or use make bench}
uid=54321 port=22022

address() {
	echo "127.1.$(($1 / 256)).$(($1 % 256))"
}

stop() {
	for f in "$dir"/sshd-*.pid; do
		[ -e "$f" ] && kill "$(cat "$f")" 2>/dev/null || :
	done
}

if [ "$what" = stop ]; then
	stop
	rm -rf "$dir"
	exit 0
fi

mkdir -p "$dir/home/.ssh"
ssh-keygen -q -t ed25519 -N '' -f "$dir/key" </dev/null
ssh-keygen -q -t rsa -b 3072 -N '' -f "$dir/key-rsa" </dev/null
ssh-keygen -q -t ed25519 -N '' -f "$dir/host" </dev/null
cat "$dir/key.pub" "$dir/key-rsa.pub" >"$dir/home/.ssh/authorized_keys"

run=
user=$(id -un)
if [ "$(id -u)" = 0 ]; then
	user=bench
	echo "bench:x:$uid:$uid::$dir/home:/bin/sh" >"$dir/passwd"
	echo "bench:x:$uid:" >"$dir/group"
	wrapper=$(echo "$daemons"/usr/lib/*-linux-gnu/libnss_wrapper.so)
	chown -R $uid:$uid "$dir"
	chmod 755 "$dir" "$dir/home"
	run="setpriv --reuid=$uid --regid=$uid --clear-groups env
	    NSS_WRAPPER_PASSWD=$dir/passwd NSS_WRAPPER_GROUP=$dir/group
	    LD_PRELOAD=$wrapper"
fi

: >"$dir/hosts"
: >"$dir/known_hosts"
i=1 s=0
while [ $i -le "$n" ]; do
	conf=$dir/sshd-$s.conf
	cat >"$conf" <<CONF
HostKey $dir/host
AuthorizedKeysFile $dir/home/.ssh/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 1000
MaxSessions 64
PidFile $dir/sshd-$s.pid
Port $port
CONF
	k=0
	while [ $k -lt 16 ] && [ $i -le "$n" ]; do
		a=$(address $i)
		echo "ListenAddress $a:$port" >>"$conf"
		echo "$a" >>"$dir/hosts"
		echo "[$a]:$port $(cut -d' ' -f1,2 "$dir/host.pub")" \
		    >>"$dir/known_hosts"
		k=$((k + 1)) i=$((i + 1))
	done
	LD_LIBRARY_PATH=$(echo "$daemons"/usr/lib/*-linux-gnu) \
	    $run "$daemons/usr/sbin/sshd" -f "$conf" -E "$dir/sshd.log"
	s=$((s + 1))
done
cat >"$dir/ssh_config" <<CONF
Host *
User $user
Port $port
IdentityFile $dir/key
IdentitiesOnly yes
UserKnownHostsFile $dir/known_hosts
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
BatchMode yes
LogLevel ERROR
CONF
{ cat "$dir/ssh_config"; echo "KexAlgorithms curve25519-sha256"; } \
    >"$dir/ssh_config-25519"
{
	echo "ssh: { identity = \"$dir/key\"; config = \"none\";"
	echo "  known_hosts = \"$dir/known_hosts\"; };"
	echo "boards = ("
	sep=' '
	while read -r a; do
		echo "$sep { name = \"n$(echo "$a" | tr . -)\"; type = \"linux\";" \
		    "slots = 1; nodes = ( { slot = 1;" \
		    "link = \"ssh://$user@$a:$port\"; } ); }"
		sep=','
	done <"$dir/hosts"
	echo ");"
} >"$dir/rackmux.cfg"
{ echo "poll = 1.0;"; cat "$dir/rackmux.cfg"; } >"$dir/rackmux-1s.cfg"
sed "s,$dir/key\",$dir/key-rsa\"," "$dir/rackmux.cfg" >"$dir/rackmux-rsa.cfg"
# The ports answer once the sshd has forked into the background.
