package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/flash"
	"github.com/llamaboot/llamaboot/internal/progress"
	"github.com/llamaboot/llamaboot/internal/qemu"
)

func newFlashCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "flash FILE DEVICE",
		Short: "Write a bootable file to a removable disk and read it back",
		Long: `Write a llamafile or image to a whole removable disk, such as /dev/sdb, and read it back.

Everything on the disk is lost, so the command asks for the device's name to be typed, and it refuses partitions,
fixed disks, and disks that are mounted or otherwise in use.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return runFlash(cmd, args[0], args[1]) },
	}
}

func runFlash(cmd *cobra.Command, path, device string) error {
	if err := qemu.CheckBootable(path); err != nil {
		return err
	}
	src, err := os.Open(path)
	if err != nil {
		return err
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	d, err := flash.Find(device)
	if err != nil {
		return err
	}
	if err := d.Check(info.Size()); err != nil {
		return err
	}
	out := cmd.ErrOrStderr()
	fmt.Fprintf(out, "%s is %q, %.1f GB. Everything on it will be lost.\nType %s to go on: ", device, d.Model, float64(d.Bytes)/1e9, d.Name)
	answer, err := cli.Wait(cmd.Context(), func() (string, error) {
		return bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	})
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != d.Name {
		return fmt.Errorf("nothing was written: got %q, want %q", strings.TrimSpace(answer), d.Name)
	}
	disk, err := d.Open()
	if err != nil {
		return err
	}
	defer disk.Close()
	report, finish := progressOn(out)
	sum, err := flash.Write(cmd.Context(), disk, src, info.Size(), report)
	finish()
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	if err := disk.Reread(); err != nil {
		fmt.Fprintf(out, "%s: the kernel keeps the old partition table until the disk is plugged in again: %v\n", device, err)
	}
	if err := disk.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%x  %s\n", sum, device)
	return err
}

// progressOn shows one bar for writing and one for reading back; finish ends the one that is shown, of work that was cut
// off too, so that what follows has a line of its own.
func progressOn(w io.Writer) (report flash.Progress, finish func()) {
	var pass string
	var shown int64
	add, end := func(int64) {}, func() {}
	finish = func() {
		end()
		end = func() {}
	}
	return func(name string, done, total int64) {
		if name != pass {
			finish()
			pass, shown = name, 0
			add, end = progress.Bytes(w, name, total)
		}
		add(done - shown)
		shown = done
		if done == total {
			finish()
		}
	}, finish
}
