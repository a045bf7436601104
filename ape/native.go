package ape

import (
	"context"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/zipalign"
)

// A NativePlan is the layout of a plain executable for one target: its program, then
// a ZIP with the llamafile's members. It starts without a shell and boots nothing.
type NativePlan struct {
	program   *Program
	members   []Member
	zip       []zipalign.Member
	directory int64
	size      int64
}

// Native plans the executable for a target from the contents of f.
func (f *File) Native(target string) (*NativePlan, error) {
	p, err := f.Program(target)
	if err != nil {
		return nil, err
	}
	members, err := f.Members()
	if err != nil {
		return nil, err
	}
	n := &NativePlan{program: p, members: members}
	end := int64(len(p.Data))
	for _, m := range members {
		z, err := zipalign.Place(end, m.Name, m.Size)
		if err != nil {
			return nil, err
		}
		n.zip, end = append(n.zip, z), z.End()
	}
	records, err := zipalign.Directory(n.zip, end, 0)
	if err != nil {
		return nil, err
	}
	n.directory, n.size = end, end+int64(len(records))
	if p.OS == "windows" && n.size > MaxWindows {
		return nil, fmt.Errorf("%w: %d bytes, Windows starts programs up to %d: use a small llamafile with -m MODEL.gguf", ErrTooBig, n.size, int64(MaxWindows))
	}
	return n, nil
}

// Size returns the executable's size.
func (n *NativePlan) Size() int64 { return n.size }

// Write writes the executable to w, which must read as zeros before. progress is as
// for Plan.Write.
func (n *NativePlan) Write(ctx context.Context, w io.WriterAt, progress func(int64)) error {
	if progress == nil {
		progress = func(int64) {}
	}
	if err := WritePatches(w, []Patch{{0, n.program.Data}}); err != nil {
		return err
	}
	for i := range n.members {
		if _, err := WriteMember(ctx, w, &n.zip[i], &n.members[i], progress); err != nil {
			return err
		}
	}
	records, err := zipalign.Directory(n.zip, n.directory, 0)
	if err != nil {
		return err
	}
	return WritePatches(w, []Patch{{n.directory, records}})
}
