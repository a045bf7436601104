#!/usr/bin/env python3
"""The cost of metal: the same ELF and model on the bare machine and as init of a minimal Linux guest.

Both run in the same emulator (QEMU, TCG, q35, 2 GiB), in turns. Printed are medians of the seconds from the start of
QEMU to the first character of the answer, and of the tokens a second of 400 tokens.

usage: tools/bench/metal.py [-n RUNS] [-smp CPUS]     after `make build`; needs cpio and a Debian kernel package, which
`apt-get download` brings (nothing is installed).
"""

import argparse
import glob
import os
import re
import statistics
import subprocess
import tempfile
import time

MODEL = os.path.abspath("testdata/demo.gguf")
CORE = os.path.abspath("build/programs/llamafile-linux-amd64")
COMMAND = os.path.abspath("bin/llamaboot")
TOKENS = 400
OVMF = "/usr/share/OVMF/OVMF_%s_4M.fd"


def prepare(folder):
    """Unpacks a kernel, makes the initramfs and the llamafile; returns the kernel's path."""
    os.chdir(folder)
    depends = subprocess.check_output(["apt-cache", "depends", "linux-image-amd64"], text=True)
    package = re.search(r"Depends: (linux-image-\S+)", depends).group(1)
    subprocess.check_call(["apt-get", "download", "-q", package], stdout=subprocess.DEVNULL)
    subprocess.check_call(["dpkg-deb", "-x", glob.glob("*.deb")[0], "kernel"])
    subprocess.check_call(
        f"mkdir -p root/dev && cp {CORE} root/init && cp {MODEL} root/demo.gguf && mknod root/dev/console c 5 1 && "
        "cd root && find . | cpio -o -H newc --quiet | gzip -1 > ../initrd.gz", shell=True)
    subprocess.check_call([COMMAND, "build", "--model", MODEL, "-o", "demo.llamafile"], stderr=subprocess.DEVNULL)
    return glob.glob("kernel/boot/vmlinuz-*")[0]


def commands(kernel, smp):
    """The three QEMU command lines and the pattern at which the answer has begun."""
    args = ["--cli", "-p", "Once upon a time", "-n", str(TOKENS), "--temp", "0", "--ignore-eos", "-t", str(smp)]
    with open("args.txt", "w") as f:
        f.write("\n".join(args) + "\n")
    base = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "2G", "-smp", str(smp), "-machine", "q35",
            "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot", "-net", "none"]
    disk = ["-vga", "std", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-fw_cfg", "name=opt/org.llamaboot/args,file=args.txt",
            "-drive", "file=demo.llamafile,format=raw,if=ide,snapshot=on"]
    ovmf = ["-drive", "if=pflash,format=raw,readonly=on,file=" + OVMF % "CODE",
            "-drive", "if=pflash,format=raw,snapshot=on,file=" + OVMF % "VARS"]
    # The kernel splits its command line at spaces: a prompt of one word.
    linux = ["-kernel", kernel, "-initrd", "initrd.gz", "-append",
             "console=ttyS0 quiet panic=-1 mitigations=off -- --cli -m /demo.gguf -p Once -n "
             f"{TOKENS} --temp 0 --ignore-eos -t {smp}"]
    return {
        "Linux guest": (base + linux, rb"\n?[^\x00-\x1f][^\n]{3}"),
        "metal, BIOS": (base + disk, rb"begin of text\r?\n."),
        "metal, UEFI": (base + ovmf + disk, rb"begin of text\r?\n."),
    }


def run(command, begun):
    """One boot: seconds to the first character of the answer, tokens a second."""
    start = time.time()
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out, first = b"", None
    while chunk := os.read(guest.stdout.fileno(), 4096):
        out += chunk
        if first is None and re.search(begun, out):
            first = time.time() - start
    guest.wait()
    rate = re.search(rb"generated %d tokens, ([\d.]+) tok/s" % TOKENS, out)
    if first is None or rate is None:
        raise SystemExit("no answer:\n" + out.decode(errors="replace"))
    return first, float(rate.group(1))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-n", type=int, default=3)
    p.add_argument("-smp", type=int, default=1)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = commands(prepare(folder), a.smp)
        results = {name: [] for name in lines}
        for _ in range(a.n):
            for name, (command, begun) in lines.items():
                results[name].append(run(command, begun))
        os.chdir("/")
    for name, values in results.items():
        first, rate = (statistics.median(v) for v in zip(*values))
        print(f"{name}: {a.smp} CPUs, first character after {first:.2f} s, {rate:.1f} tok/s")


if __name__ == "__main__":
    main()
