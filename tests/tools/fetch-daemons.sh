#!/bin/sh
# Unpack the SSH servers and the IPMI simulator that the tests talk to, or with
# "consoles" the console servers that rackmux is measured beside, without
# installing them: their packages would start services.
# Usage: fetch-daemons.sh DIR [consoles]. Does nothing when they are there.
set -eu

dir=${1:?usage: fetch-daemons.sh DIR [consoles]}
packages="openssh-server dropbear-bin libwrap0 libtommath1 libtomcrypt1
    libnss-wrapper openipmi libopenipmi0 libpopt0 ipmitool libfreeipmi17
    libreadline8"
daemons="sbin/sshd sbin/dropbear bin/ipmi_sim bin/ipmitool"
if [ "${2-}" = consoles ]; then
	packages="conman conserver-server libipmiconsole2 libfreeipmi17 libwrap0
	    libnsl2 libtirpc3 libpam0g libgssapi-krb5-2 libkrb5-3 libk5crypto3
	    libkrb5support0 libkeyutils1 libcom-err2"
	daemons="sbin/conmand sbin/conserver"
fi

# A tree that holds other packages is not what is wanted now.
[ "$(cat "$dir/done" 2>/dev/null)" = "$packages" ] && exit 0
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/rmdaemons-XXXXXX")
trap 'rm -rf "$tmp"' EXIT INT TERM

if ! (cd "$tmp" && apt-get download $packages >log 2>&1); then
	cat "$tmp/log" >&2
	echo "fetch-daemons: no packages; run apt-get update, or check" \
	    "the network" >&2
	exit 1
fi
for deb in "$tmp"/*.deb; do
	dpkg-deb -x "$deb" "$dir"
done
LD_LIBRARY_PATH=$(echo "$dir"/usr/lib/*-linux-gnu):$(echo \
    "$dir"/lib/*-linux-gnu)
export LD_LIBRARY_PATH
for daemon in $daemons; do
	if ldd "$dir/usr/$daemon" | grep 'not found' >&2; then
		echo "fetch-daemons: $daemon lacks these libraries" >&2
		exit 1
	fi
done
echo "$packages" >"$dir/done"
