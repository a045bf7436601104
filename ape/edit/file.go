package edit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/zipalign"
)

// ErrBusy reports that another process is editing the file.
var ErrBusy = errors.New("the file is being edited by another process")

// Apply changes the llamafile at path. Weights stay where they are and only the
// end of the file is rewritten, unless the change itself is large; then a new file
// takes the old one's place. Either way the file is the old or the new one, never
// something between: an edit that was cut off is undone by the next.
func Apply(ctx context.Context, path string, c Changes, progress func(int64)) error {
	if progress == nil {
		progress = func(int64) {}
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := lock(file); err != nil {
		return fmt.Errorf("lock %s for editing: %w", path, err)
	}
	if replaced(file, path) {
		return fmt.Errorf("%w: %s", ErrBusy, path)
	}
	if err := recoverFile(path, file); err != nil {
		return fmt.Errorf("undo the interrupted edit of %s: %w", path, err)
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
	}
	size := info.Size()
	if c.Seal {
		size = sealedSize(file, size)
	}
	f, err := ape.Open(file, size)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	e, err := planEdit(f, c)
	if errors.Is(err, ErrRebuild) {
		return rebuild(ctx, path, file, f, c, progress)
	}
	if err != nil {
		return err
	}
	spans, total := e.spans(), int64(0)
	for _, s := range spans {
		total += max(s.end-s.start, 0)
	}
	if total > mostInPlace {
		return editCopy(ctx, path, file, e, progress)
	}
	return editInPlace(ctx, path, file, e, spans, progress)
}

// replaced says whether another file has taken the place of one that was opened at path: the editor it was locked
// by, until now, has made it anew. An edit would be lost with the old one.
func replaced(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false // which the next operation reports
	}
	now, err := os.Stat(path)
	return err != nil || !os.SameFile(opened, now)
}

// editInPlace applies e to the file under the protection of a journal.
func editInPlace(ctx context.Context, path string, file storage, e *edit, spans []span, progress func(int64)) error {
	undo, err := journalBytes(file, e.f.Size(), spans)
	if err != nil {
		return err
	}
	if err := writeJournal(path+journalSuffix, undo); err != nil {
		return err
	}
	size, err := e.apply(ctx, file, progress)
	if err == nil {
		err = file.Truncate(size)
	}
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		if _, undoErr := rollBack(file, undo); undoErr != nil {
			return fmt.Errorf("%w; and the file could not be put back: %v (the next edit tries again, keep %s%s)", err, undoErr, path, journalSuffix)
		}
	}
	return errors.Join(err, os.Remove(path+journalSuffix))
}

// editCopy applies e to a copy that then takes the file's place.
func editCopy(ctx context.Context, path string, file *os.File, e *edit, progress func(int64)) error {
	out, err := outfile.Replace(path)
	if err != nil {
		return err
	}
	defer out.Abort()
	end := e.spans()[1].start // what follows is written anew
	whole := ape.Member{Name: path, Size: end, Data: file}
	if _, err := ape.CopyMember(ctx, out, 0, &whole, progress); err != nil {
		return err
	}
	size, err := e.apply(ctx, out, progress)
	if err != nil {
		return err
	}
	if err := out.Truncate(size); err != nil {
		return err
	}
	return replace(out, file)
}

// rebuild writes the file anew from its parts, with the changes, and lets it take the
// old one's place.
func rebuild(ctx context.Context, path string, file *os.File, f *ape.File, c Changes, progress func(int64)) error {
	in, err := relocated(f).Input()
	if err != nil {
		return err
	}
	in.Members = slices.DeleteFunc(in.Members, func(m ape.Member) bool {
		return slices.Contains(c.Remove, m.Name) || slices.ContainsFunc(c.Set, func(n ape.Member) bool { return n.Name == m.Name })
	})
	in.Members = append(in.Members, c.Set...)
	plan, err := ape.NewPlan(in)
	if err != nil {
		return err
	}
	out, err := outfile.Replace(path)
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := out.Reserve(plan.Size()); err != nil {
		return err
	}
	if err := plan.Write(ctx, out, progress); err != nil {
		return err
	}
	return replace(out, file)
}

// replace lets a new file take the old one's place. Its bytes are on the disk by then: it
// may be the only copy of the model.
func replace(out *outfile.File, old *os.File) error {
	if err := out.Sync(); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // which replaces no file that is open; elsewhere the lock is held until the end
		if err := old.Close(); err != nil {
			return err
		}
	}
	return out.Commit()
}

// sealedSize is how many of the size bytes of r sealing starts from: what was put behind a whole llamafile, as by reading
// back a disk that is larger than it, does not count.
func sealedSize(r io.ReaderAt, size int64) int64 {
	whole := format.WholeSize(r)
	if whole <= 0 || whole >= size {
		return size
	}
	if _, err := zipalign.Open(r, size); err == nil {
		return size // an archive tool added members
	}
	if _, err := zipalign.Open(r, whole); err != nil {
		return size
	}
	return whole
}
