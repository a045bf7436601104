#!/usr/bin/env python3
"""How fast weights come in: the core's loader against dd in a minimal Linux guest, from the same emulated disks.

Both read the same file in the same emulator (QEMU, TCG, q35, 1 CPU, 3 GiB), in turns. Printed are the medians in MB/s:
dd with Linux's cache (bs=1M), dd without (iflag=direct, bs=4M: no processor sees the bytes), and the core, which computes
their CRC-32 as well, under BIOS and under UEFI, with the ratio to the first.

usage: tools/bench/disk.py [-n RUNS] [-mb SIZE] [DISK ...]     after `make build`; needs cpio, and the Debian packages of a
kernel and of busybox-static, which `apt-get download` brings (nothing is installed).
"""

import argparse
import glob
import os
import re
import statistics
import struct
import subprocess
import tempfile

COMMAND = os.path.abspath("bin/llamaboot")
OVMF = "/usr/share/OVMF/OVMF_%s_4M.fd"

# Device of QEMU, and the disk's name in Linux.
DISKS = {
    "virtio": ("virtio-blk-pci,drive=disk", "vda"),
    "ahci": ("ide-hd,drive=disk,bus=ide.0", "sda"),
    "nvme": ("nvme,drive=disk,serial=x", "nvme0n1"),
    "virtio-scsi": ("virtio-scsi-pci -device scsi-hd,drive=disk", "sda"),
    "usb": ("qemu-xhci -device usb-storage,drive=disk", "sda"),
}
MODULES = "virtio_pci virtio_blk ahci sd_mod nvme virtio_scsi xhci_pci usb_storage"

INIT = """#!/bin/sh
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
modprobe -a %s 2>/dev/null
n=0; while [ ! -b /dev/%s ] && [ $n -lt 40 ]; do sleep 0.5; n=$((n+1)); done
cat /proc/uptime
dd if=/dev/%s of=/dev/null bs=1M count=%d skip=28
cat /proc/uptime
dd if=/dev/%s of=/dev/null bs=4M count=%d skip=7 iflag=direct
cat /proc/uptime
poweroff -f
"""


def text(b):
    return struct.pack("<Q", len(b)) + b


def prepare(folder, size):
    """Unpacks kernel and busybox, makes a llamafile of size MiB of weights; returns the kernel's path."""
    os.chdir(folder)
    depends = subprocess.check_output(["apt-cache", "depends", "linux-image-amd64"], text=True)
    package = re.search(r"Depends: (linux-image-\S+)", depends).group(1)
    subprocess.check_call(["apt-get", "download", "-q", package, "busybox-static"], stdout=subprocess.DEVNULL)
    for deb in glob.glob("*.deb"):
        subprocess.check_call(["dpkg-deb", "-x", deb, "kernel" if "linux" in deb else "root"])
    release = os.listdir("kernel/lib/modules")[0]
    subprocess.check_call(
        f"mkdir -p root/proc root/sys root/dev root/lib/modules/{release} && cd root && "
        "for a in sh mount modprobe dd poweroff sleep cat; do ln -sf busybox bin/$a; done && "
        f"cd ../kernel/lib/modules/{release} && cp -r --parents modules.order modules.builtin kernel/drivers/virtio kernel/drivers/block "
        "kernel/drivers/ata kernel/drivers/scsi kernel/drivers/nvme kernel/drivers/usb kernel/lib kernel/crypto kernel/arch/x86/crypto "
        f"kernel/block kernel/drivers/base ../../../../root/lib/modules/{release}/ 2>/dev/null; cd ../../../../root && bin/busybox depmod -b . {release}",
        shell=True)
    # A GGUF file of one tensor; the engine refuses it when all of it has been loaded.
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    head += text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    head += text(b"token_embd.weight") + struct.pack("<IQQIQ", 2, 1024, size * 256, 0, 0)
    head += b"\0" * (-len(head) % 32)
    with open("weights.gguf", "wb") as f:
        f.write(head)
        block = bytes(range(256)) * 4096
        for _ in range(size):
            f.write(block)
    subprocess.check_call([COMMAND, "build", "--model", "weights.gguf", "--targets", "linux/amd64", "-o", "weights.llamafile"], stderr=subprocess.DEVNULL)
    return glob.glob("kernel/boot/vmlinuz-*")[0]


def qemu(device, *more):
    """One boot; returns what the guest wrote."""
    args = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "3G", "-machine", "q35", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-no-reboot", "-nodefaults", "-vga", "std",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-drive", "if=none,id=disk,file=weights.llamafile,format=raw,snapshot=on",
            "-device", *device.split(), *more]
    out = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=180)
    return out.stdout.decode(errors="replace")


def linux(kernel, disk, size):
    """Rates of dd with and without cache."""
    device, name = DISKS[disk]
    with open("root/init", "w") as f:
        f.write(INIT % (MODULES, name, name, size, name, size // 4))
    os.chmod("root/init", 0o755)
    subprocess.check_call("cd root && find . | cpio -o -H newc --quiet | gzip -1 > ../initrd.gz", shell=True)
    out = qemu(device, "-kernel", kernel, "-initrd", "initrd.gz", "-append", "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check")
    times = [float(t) for t in re.findall(r"^([\d.]+) [\d.]+\r?$", out, re.M)]
    if len(times) != 3 or f"{size}+0 records in" not in out or f"{size // 4}+0 records in" not in out:
        raise SystemExit(f"{disk}: Linux says\n{out}")
    return [size * 1.048576 / max(end - start, 0.01) for start, end in zip(times, times[1:])]


def metal(disk, uefi):
    """Rate of the core."""
    flash = ["-drive", "if=pflash,format=raw,readonly=on,file=" + OVMF % "CODE",
             "-drive", "if=pflash,format=raw,snapshot=on,file=" + OVMF % "VARS"] if uefi else []
    with open("args.txt", "w") as f:
        f.write("--cli\n-p\nx\n-n\n1\n")
    out = qemu(DISKS[disk][0], *flash, "-fw_cfg", "name=opt/org.llamaboot/args,file=args.txt")
    rate = re.search(r"loaded weights.gguf: .*\(([\d.]+) MB/s\), CRC-32 right", out)
    if rate is None:
        raise SystemExit(f"{disk}: the core says\n{out}")
    return float(rate.group(1))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-n", type=int, default=3)
    p.add_argument("-mb", type=int, default=1024)
    p.add_argument("disks", nargs="*", default=list(DISKS))
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kernel = prepare(folder, a.mb)
        for disk in a.disks:
            runs = [linux(kernel, disk, a.mb) + [metal(disk, False), metal(disk, True)] for _ in range(a.n)]
            cached, direct, bios, uefi = (statistics.median(v) for v in zip(*runs))
            print(f"| {disk} | {cached:.0f} | {direct:.0f} | {bios:.0f} ({bios / cached:.2f} x) | "
                  f"{uefi:.0f} ({uefi / cached:.2f} x) |", flush=True)
        os.chdir("/")


if __name__ == "__main__":
    main()
