#!/bin/sh
# Unpack what the guests of check-qemu are made of, without installing it:
# Debian's kernel (with modules: only that one knows USB), busybox, udev and
# U-Boot.
# Usage: fetch-guest.sh DIR. Does nothing when it is there already.
set -eu

dir=${1:?usage: fetch-guest.sh DIR}
version=2	# of what is unpacked, and how
packages="busybox-static udev libudev1 libkmod2 libcap2 u-boot-qemu"

[ "$(cat "$dir/done" 2>/dev/null)" = "$version" ] && exit 0
if [ "$(dpkg --print-architecture)" != amd64 ]; then
	echo "fetch-guest: the guests run this machine's own programs and are" \
	    "made for amd64 only" >&2
	exit 1
fi
rm -rf "$dir"
mkdir -p "$dir/deb" "$dir/root"
kernel=$(apt-cache depends linux-image-amd64 |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
if [ -z "$kernel" ] ||
    ! (cd "$dir/deb" && apt-get download $packages "$kernel" >log 2>&1); then
	cat "$dir/deb/log" >&2 2>/dev/null || :
	echo "fetch-guest: no packages; run apt-get update, or check the" \
	    "network" >&2
	exit 1
fi
for deb in "$dir"/deb/*.deb; do
	dpkg-deb -x "$deb" "$dir/root"
done
mv "$dir"/root/boot/vmlinuz-* "$dir/vmlinuz"
# The 64-bit one cannot boot this kernel.
mv "$dir/root/usr/lib/u-boot/qemu-x86/u-boot.rom" "$dir"
mkdir "$dir/modules"
for m in usb-common usbcore xhci-hcd xhci-pci usbserial ftdi_sio; do
	find "$dir/root/lib/modules" -name "$m.ko" -exec mv {} "$dir/modules" \;
	[ -f "$dir/modules/$m.ko" ] || {
		echo "fetch-guest: $kernel has no module $m" >&2
		exit 1
	}
done
rm -rf "$dir/deb" "$dir/root/boot" "$dir/root/lib/modules" \
    "$dir/root/usr/lib/u-boot" "$dir/root/usr/share"
echo "$version" >"$dir/done"
