#!/bin/sh
# The root file systems of check-qemu's guests.
# Usage: make-initrd.sh GUEST RACKMUX, with GUEST from fetch-guest.sh. Writes
# GUEST/node.cpio, a node with a login on its serial console, and
# GUEST/host.cpio, a host with USB serial adapters and this RACKMUX.
set -eu

guest=${1:?usage: make-initrd.sh GUEST RACKMUX}
rackmux=${2:?usage: make-initrd.sh GUEST RACKMUX}
lib=$guest/root/lib/x86_64-linux-gnu:$guest/root/usr/lib/x86_64-linux-gnu

# Directory, name: what both have.
common() {
	rm -rf "$1"
	mkdir -p "$1/bin" "$1/dev" "$1/etc" "$1/lib" "$1/proc" "$1/root" \
	    "$1/run" "$1/sys" "$1/tmp"
	cp "$guest/root/bin/busybox" "$1/bin"
	for applet in $("$1/bin/busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
	ln -s bin/busybox "$1/init"
	ln -s bin "$1/sbin"
	echo "$2" >"$1/etc/hostname"
	echo "root::0:0:root:/root:/bin/sh" >"$1/etc/passwd"
	echo "root:x:0:" >"$1/etc/group"
	cat >"$1/etc/profile" <<-'END'
		PS1='\h:\w\$ '
		export PS1 PATH=/bin LC_ALL=C.UTF-8
	END
	cat >"$1/etc/rc" <<-'END'
		#!/bin/sh
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev 2>/dev/null
		mkdir -p /dev/pts
		mount -t devpts pts /dev/pts
		hostname -F /etc/hostname
		echo 1 >/proc/sys/kernel/sysrq
	END
	chmod 755 "$1/etc/rc"
}

pack() {
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0) >"$1.cpio.new"
	mv "$1.cpio.new" "$1.cpio"
	rm -rf "$1"
}

# A program and what it is linked with, at the same places.
with_libraries() {
	LD_LIBRARY_PATH=$lib ldd "$2" >"$guest/ldd"
	if grep 'not found' "$guest/ldd" >&2; then
		echo "make-initrd: $2 lacks these libraries" >&2
		exit 1
	fi
	for l in $(grep -o '/[^ ]*' "$guest/ldd"); do
		to=$1/lib/${l##*/}
		case $l in
		/lib64/*) to=$1$l ;;
		esac
		mkdir -p "${to%/*}"
		cp -L "$l" "$to"
	done
}

node=$guest/node
common "$node" node1
cat >>"$node/etc/rc" <<'EOF2'
echo "Starting syslogd: OK"
sleep 1
EOF2
cat >"$node/etc/inittab" <<'EOF2'
::sysinit:/etc/rc
ttyS0::respawn:/bin/getty -L 115200 ttyS0 vt220
EOF2
# A serial line knows no size: ask the terminal, and tell the tty.
cat >"$node/bin/size" <<'EOF2'
#!/bin/sh
old=$(stty -g)
stty raw -echo min 0 time 50
printf '\0337\033[r\033[999;999H\033[6n'
IFS='[;' read -r -d R _ rows cols
printf '\0338'
stty "$old"
stty rows "$rows" cols "$cols"
echo "size is $(stty size)"
EOF2
chmod 755 "$node/bin/size"
pack "$node"

host=$guest/host
common "$host" host
mkdir -p "$host/lib/udev/rules.d" "$host/lib/modules"
cp "$guest"/modules/*.ko "$host/lib/modules"
cp "$guest/root/bin/udevadm" "$host/bin"
ln -s ../bin/udevadm "$host/lib/systemd-udevd"
for r in 50-udev-default 60-serial; do
	cp "$guest/root/lib/udev/rules.d/$r.rules" "$host/lib/udev/rules.d"
done
with_libraries "$host" "$guest/root/bin/udevadm"
cp "$rackmux" "$host/bin/rackmux"
with_libraries "$host" "$rackmux"
for t in l/linux v/vt100 v/vt220 x/xterm-256color; do
	for from in /lib/terminfo /usr/share/terminfo; do
		[ -f "$from/$t" ] || continue
		mkdir -p "$host/lib/terminfo/${t%/*}"
		cp "$from/$t" "$host/lib/terminfo/$t"
	done
done
cat >>"$host/etc/rc" <<'EOF2'
for m in usb-common usbcore xhci-hcd xhci-pci usbserial ftdi_sio; do
	insmod /lib/modules/$m.ko
done
/lib/systemd-udevd --daemon
udevadm trigger --action=add
udevadm settle
EOF2
cat >"$host/etc/inittab" <<'EOF2'
::sysinit:/etc/rc
ttyS0::respawn:/bin/getty -n -l /bin/login-root -L 115200 ttyS0 xterm-256color
EOF2
cat >"$host/bin/login-root" <<'EOF2'
#!/bin/sh
exec login -f root
EOF2
chmod 755 "$host/bin/login-root"
id=/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL
cat >"$host/root/rack.cfg" <<EOF2
boards = ( { name = "usb"; type = "linux"; slots = 2; nodes = (
  { slot = 1; name = "a"; console = "serial:${id}_NODE17A-if00-port0@115200"; },
  { slot = 2; name = "b";
    console = "serial:${id}_NODE17B-if00-port0@1500000,dtr=off"; } ); } );
console = { log_dir = "/root/logs"; };
EOF2
pack "$host"
