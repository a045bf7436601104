package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/internal/qemu"
)

// promptTimeout is how long a guest with --prompt may take unless --timeout says otherwise.
const promptTimeout = 60 * time.Second

type qemuFlags struct {
	bios, uefi bool
	arch       string
	machine    qemu.Machine
	prompt     string
	n          int
}

func newQemuCmd() *cobra.Command {
	f := &qemuFlags{}
	cmd := &cobra.Command{
		Use:   "qemu [flags] FILE [-- GUEST ARGUMENTS]",
		Short: "Boot a llamafile or image in QEMU",
		Long: `Boot a llamafile or disk image in QEMU and relay its serial console. FILE is never written to.

With --prompt the guest completes one text, taking the likeliest token each time: the text goes to standard output,
everything else the guest says to standard error. Arguments after -- are handed to the guest in place of the
llamafile's own .args. Without either the console is yours; Ctrl-A x ends QEMU.

The exit status is 0 only if the guest itself reported success.`,
		Example: `  llamaboot qemu --uefi --prompt "Once upon a time" -n 32 model.llamafile
  llamaboot qemu --bios --disk nvme --smp 4 model.llamafile
  llamaboot qemu model.llamafile -- --cli -p "Hello" -n 8 --ids`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.bios, "bios", false, "boot with SeaBIOS (the default)")
	flags.BoolVar(&f.uefi, "uefi", false, "boot with OVMF")
	flags.StringVar(&f.arch, "arch", "amd64", "the guest's CPU: amd64")
	choiceVar(flags, &f.machine.Accel, "accel", qemu.AccelAuto, qemu.Accels(), "auto, kvm or tcg; auto takes KVM where it can run the guest")
	numberVar(flags, &f.machine.CPUs, "smp", "", 1, 1, qemu.MaxCPUs, "CPUs of the guest")
	sizeVar(flags, &f.machine.Memory, "mem", "2G", "memory of the guest")
	choiceVar(flags, &f.machine.Disk, "disk", qemu.DefaultDisk, qemu.Disks(), "how FILE is attached: "+strings.Join(qemu.Disks(), ", "))
	choiceVar(flags, &f.machine.Chipset, "machine", "", qemu.Chipsets(), "chipset of the guest, "+strings.Join(qemu.Chipsets(), " or ")+" (default: what suits --disk)")
	flags.StringVar(&f.machine.CPU, "cpu", "", "CPU model of the guest, as QEMU names it (default: the best there is)")
	flags.StringVar(&f.machine.Firmware, "firmware", "", "with --uefi: OVMF's code image (default: the installed one)")
	flags.BoolVar(&f.machine.SecureBoot, "secure-boot", false, "with --uefi: Secure Boot on, Microsoft's keys enrolled")
	flags.StringVar(&f.prompt, "prompt", "", "let the guest complete this text and end")
	numberVar(flags, &f.n, "predict", "n", 64, 1, noLimit, "with --prompt: tokens to generate at most")
	flags.DurationVar(&f.machine.Timeout, "timeout", 0, "give up after this time (default 60s with --prompt, else never)")
	flags.StringVar(&f.machine.Screenshot, "screenshot", "", "keep a PNG of the screen as it was last")
	return cmd
}

func (f *qemuFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(cmd, args); err != nil {
		return err
	}
	if err := checkFirmware(args[0], f.uefi); err != nil {
		return err
	}
	m := f.machine
	m.File, m.UEFI = args[0], f.uefi
	stderr := cmd.ErrOrStderr()
	newline := "\n"
	m.Log = func(format string, args ...any) { fmt.Fprintf(stderr, "llamaboot: qemu: "+format+newline, args...) }
	m.Console, m.Text = stderr, cmd.OutOrStdout()
	m.Marks = &qemu.Marks{Begin: guest.TextBegin, End: guest.TextEnd}
	restore := func() error { return nil }
	switch extra := args[1:]; {
	case cmd.Flags().Changed("prompt"):
		m.GuestArgs = append(promptArgs(f.prompt, f.n), extra...)
		if !cmd.Flags().Changed("timeout") {
			m.Timeout = promptTimeout
		}
	case len(extra) > 0:
		m.GuestArgs = extra
	default:
		m.Console, m.Text, m.Marks = cmd.OutOrStdout(), nil, nil
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if !cmd.Flags().Changed("prompt") {
		// Without a prompt the guest may well read what is typed.
		m.Stdin, restore = guestInput(cmd.InOrStdin(), cancel)
		if _, raw := m.Stdin.(*qemu.Terminal); raw {
			newline = "\r\n"
		}
	}
	err := m.Run(ctx)
	if restoreErr := restore(); err == nil {
		err = restoreErr
	}
	if errors.Is(err, context.Canceled) {
		return &exitError{exitInterrupted}
	}
	return err
}

func (f *qemuFlags) check(cmd *cobra.Command, args []string) error {
	if f.bios && f.uefi {
		return cli.Usagef("--bios and --uefi are two ways to boot, give one")
	}
	if !f.uefi && (f.machine.Firmware != "" || f.machine.SecureBoot) {
		return cli.Usagef("--firmware and --secure-boot go with --uefi")
	}
	if f.arch != "amd64" {
		return cli.WithHint(cli.Usagef("--arch %s: llamafiles of this version boot on amd64 only", printable(f.arch)), "leave --arch out")
	}
	if f.machine.Timeout < 0 {
		return cli.Usagef("--timeout %v: want more than 0, or 0 for no limit", f.machine.Timeout)
	}
	if err := f.machine.CheckDisk(); err != nil {
		return cli.Usagef("--machine and --disk: %w", err)
	}
	if cmd.Flags().Changed("predict") && !cmd.Flags().Changed("prompt") {
		return cli.WithHint(cli.Usagef("-n goes with --prompt"), "arguments of the guest itself come after --: llamaboot qemu FILE -- -n 5")
	}
	if len(args) > 1 && cmd.ArgsLenAtDash() != 1 {
		return cli.WithHint(cli.Usagef("unexpected %q", args[1]), "one FILE; arguments of the guest come after --")
	}
	return nil
}

// checkFirmware is an error when the image at path was made for the other kind of firmware alone, which would look for
// something to start for a minute. What is none of ours may well boot.
func checkFirmware(path string, uefi bool) error {
	f, file, err := build.OpenLlamafile(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	switch faces := f.Manifest.Faces; {
	case uefi && !faces.UEFI:
		return cli.WithHint(fmt.Errorf("%s was made for BIOS machines alone", path), "boot it without --uefi, or make an image without --bios")
	case !uefi && !faces.BIOS:
		return cli.WithHint(fmt.Errorf("%s was made for UEFI machines alone", path), "boot it with --uefi, or make an image without --uefi")
	}
	return nil
}

// promptArgs are the guest's arguments for one greedy completion.
func promptArgs(prompt string, n int) []string {
	args := []string{"--cli", "--temp", "0", "-n", strconv.Itoa(n)}
	if strings.ContainsAny(prompt, "\r\n") {
		// The guest reads one argument a line.
		prompt = strings.NewReplacer(`\`, `\\`, "\r", `\r`, "\n", `\n`).Replace(prompt)
		args = append(args, "-e")
	}
	return append(args, "-p="+prompt)
}

// detach ends a QEMU at whose console a person sits: Ctrl-A x, as in QEMU's own -nographic.
const (
	detachPrefix = 0x01
	detachKey    = 'x'
)

// guestInput prepares standard input for the guest. A terminal is put into raw mode, so that every key, Ctrl-C
// included, reaches the guest; restore undoes that.
func guestInput(stdin io.Reader, cancel func()) (in io.Reader, restore func() error) {
	file, ok := stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return stdin, func() error { return nil }
	}
	state, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		return stdin, func() error { return nil } // line by line still works
	}
	return &qemu.Terminal{Reader: &detachReader{r: file, detach: cancel}}, func() error {
		return term.Restore(int(file.Fd()), state)
	}
}

// detachReader looks for Ctrl-A x in what is typed. Ctrl-A Ctrl-A sends one Ctrl-A.
type detachReader struct {
	r      io.Reader
	detach func()
	prefix bool
}

func (d *detachReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	out := p[:0]
	for _, c := range p[:n] {
		switch {
		case !d.prefix && c == detachPrefix:
			d.prefix = true
			continue
		case d.prefix && c == detachKey:
			d.detach()
			return len(out), io.EOF
		}
		d.prefix = false
		out = append(out, c)
	}
	return len(out), err
}
