#!/bin/sh
# setup.sh build|check|lint|bench|deb|fuzz|qemu - install what is missing on Debian 12.
#
# Libraries and tools only, never a network service: the daemons that tests
# talk to are unpacked into the build tree by fetch-daemons.sh. Asks for root
# through sudo only when something is missing.
set -eu

build='gcc make pkg-config libc6-dev libssh-dev libuv1-dev libncurses-dev
libtermkey-dev libserialport-dev libconfig-dev libjansson-dev libssl-dev
libtelnet-dev libwslay-dev libzstd-dev openssh-client'
check="$build libvterm-dev dash busybox tmux ncurses-term"
lint="$build libvterm-dev clang clang-format"
bench="$check pdsh clustershell tio"
deb="$build debhelper dpkg-dev"
fuzz="$build clang libclang-rt-14-dev"
qemu="$build libvterm-dev qemu-system-x86 cpio"

case ${1-} in
build) want=$build ;;
check) want=$check ;;
lint) want=$lint ;;
bench) want=$bench ;;
deb) want=$deb ;;
fuzz) want=$fuzz ;;
qemu) want=$qemu ;;
*) echo "usage: setup.sh build|check|lint|bench|deb|fuzz|qemu" >&2; exit 2 ;;
esac

missing=
for p in $want; do
	case $(dpkg-query -W -f='${Status}' "$p" 2>/dev/null || :) in
	*" installed") ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "setup: these packages are missing, and there is no sudo" \
		    "to install them with. As root:" >&2
		echo "  apt-get install --no-install-recommends$missing" >&2
		exit 1
	}
	root=sudo
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# The package lists may be absent or old: refresh them, then install.
$root apt-get -q update
$root apt-get -q -y install --no-install-recommends $missing
