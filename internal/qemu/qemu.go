// Package qemu boots a llamafile or disk image in QEMU, relays its serial port and reports the guest's own verdict.
//
// The guest says how it ended through QEMU's isa-debug-exit device at I/O port 0xf4: a byte b written there ends QEMU
// with status b<<1|1 (package guest). It reads its arguments from the
// fw_cfg file opt/org.llamaboot/args, one a line (QEMU docs/specs/fw_cfg).
package qemu

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/llamaboot/llamaboot/internal/guest"
)

// QEMU's exit status for each verdict of the guest: byte<<1 | 1.
const (
	statusSuccess = guest.ExitSuccess<<1 | 1 // 33
	statusFailure = guest.ExitFailure<<1 | 1 // 35
)

// Accelerators.
const (
	AccelAuto = "auto" // KVM when it works for this guest, else TCG
	AccelKVM  = "kvm"
	AccelTCG  = "tcg"
)

// Accels lists the accelerators.
func Accels() []string { return []string{AccelAuto, AccelKVM, AccelTCG} }

// MaxCPUs is the most CPUs a machine may have: the limit of QEMU's pc chipset.
const MaxCPUs = 255

// silentKVM is how long AccelAuto waits for the first byte on the serial port before it gives KVM up.
const silentKVM = 20 * time.Second

var (
	// ErrTimeout says that the guest did not finish in time.
	ErrTimeout = errors.New("no verdict from the guest in time")
	// ErrGuestFailed says that the guest reported failure.
	ErrGuestFailed = errors.New("the guest reported failure")
	// ErrNoVerdict says that QEMU ended without a verdict of the guest.
	ErrNoVerdict = errors.New("the guest stopped without a verdict (power-off or reset)")
	// ErrNotBootable says that a file is no boot disk.
	ErrNotBootable = errors.New("not a bootable disk")
	// ErrMissing says that QEMU or a firmware is not installed.
	ErrMissing = errors.New("not found")
	// errKVM says that KVM cannot run this guest.
	errKVM = errors.New("KVM cannot run this guest")
)

// Machine is one virtual machine to boot.
type Machine struct {
	File       string        // the disk: a llamafile or an image; never written to
	UEFI       bool          // boot with OVMF instead of SeaBIOS
	Accel      string        // AccelAuto, AccelKVM or AccelTCG
	CPUs       int           // 1 to MaxCPUs
	Memory     string        // as QEMU's -m takes it: 2G
	Disk       string        // one of Disks
	Chipset    string        // one of Chipsets; empty: the usual one of the disk
	CPU        string        // as QEMU's -cpu takes it; empty: the host's under KVM, else all QEMU has
	Firmware   string        // OVMF's code image; empty: $LLAMABOOT_OVMF, else the installed one
	SecureBoot bool          // with UEFI: Secure Boot on, Microsoft's keys enrolled
	GuestArgs  []string      // nil: the guest uses what its file says
	Timeout    time.Duration // 0: none
	Screenshot string        // PNG to keep of the screen; empty: none

	// Stalled receives the registers of all CPUs and the local APICs, some times in a row, when nine tenths of Timeout
	// have passed; nil: nobody asks.
	Stalled io.Writer

	// For tests, as QEMU writes them. Sparse gives the guest memory that the host need not have. Devices replace those
	// of Disk; the drive is called disk. Faults is a blkdebug configuration (QEMU docs/devel/blkdebug) for it.
	// MachineOptions are appended to the machine, Extra to the command line.
	Sparse         bool
	Devices        []string
	Faults         string
	MachineOptions string
	Extra          []string

	Stdin io.Reader // sent to the serial port; nil: nothing
	// Console receives the serial port's output. With Marks set, the lines between the two marks go to Text instead,
	// and control sequences of the firmware are removed from both.
	Console io.Writer
	Text    io.Writer
	Marks   *Marks
	// Log reports what the user should know, one line a call.
	Log func(format string, args ...any)
}

// Marks are the lines a guest puts around its text.
type Marks struct{ Begin, End string }

// GuestError is a run that ended badly; it unwraps to ErrTimeout, ErrGuestFailed or ErrNoVerdict.
type GuestError struct {
	Err   error
	Lines []string // the last lines on the serial port
	hint  string
}

func (e *GuestError) Error() string {
	msg := e.Err.Error()
	if len(e.Lines) == 0 {
		return msg + "; it wrote nothing to the serial port"
	}
	msg += "; its last lines:"
	for _, line := range e.Lines {
		msg += "\n  | " + line
	}
	return msg
}

func (e *GuestError) Unwrap() error { return e.Err }

// Hint says what to try.
func (e *GuestError) Hint() string { return e.hint }

// MissingError is a program or firmware that is not installed; it unwraps to ErrMissing.
type MissingError struct {
	What    string // qemu-system-x86_64, OVMF
	Package string // Debian and Ubuntu package
	Looked  []string
}

func (e *MissingError) Error() string {
	msg := fmt.Sprintf("%s %v", e.What, ErrMissing)
	for i, place := range e.Looked {
		if i == 0 {
			msg += "; looked at"
		}
		msg += " " + place
	}
	return msg
}

func (e *MissingError) Unwrap() error { return ErrMissing }

// Hint names the package to install.
func (e *MissingError) Hint() string {
	return fmt.Sprintf("on Debian and Ubuntu: apt-get install %s", e.Package)
}
