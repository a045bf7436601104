package ape

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/zipalign"
)

// hashDigits of a program's SHA-256 name its copy in the cache.
const hashDigits = 16

// A place is a program's position in the file.
type place struct {
	program *Program
	offset  int64
	hash    [sha256.Size]byte
}

// A Plan is the layout of a llamafile: a pure function of names and sizes. What
// depends on the contents (checksums, GUIDs) is filled in while writing.
type Plan struct {
	in      Input
	efi     []byte  // EFI/BOOT/BOOTX64.EFI, the core inside
	efiAt   int64   // its offset in the file
	places  []place // of the programs, the core first
	members []Member
	zip     []zipalign.Member // places of members, one for each
	tail    *tail
}

// NewPlan checks in and lays the file out.
func NewPlan(in Input) (*Plan, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	p := &Plan{in: in}
	if err := p.addCore(); err != nil {
		return nil, err
	}
	for i := range in.Programs {
		if prog := &in.Programs[i]; in.Faces.Hosted && prog.Target() != format.CoreTarget {
			p.members = append(p.members, memberOf(format.ProgramName(prog.Target()), prog.Data))
			p.places = append(p.places, place{program: prog})
		}
	}
	if in.Licence != "" {
		p.members = append(p.members, memberOf(format.LicenceName, []byte(in.Licence)))
	}
	p.members = append(p.members, in.Members...)
	for i := range p.places {
		p.places[i].hash = sha256.Sum256(p.places[i].program.Data)
	}
	// Placed once without the manifest: its length depends on the programs' offsets.
	if err := p.placeMembers(); err != nil {
		return nil, err
	}
	manifest, err := p.manifest(make([]checksums, len(p.members)))
	if err != nil {
		return nil, err
	}
	p.members = append(p.members, memberOf(format.ManifestName, manifest))
	return p, p.placeMembers()
}

// Size returns the number of bytes the file will have.
func (p *Plan) Size() int64 { return p.tail.total }

func memberOf(name string, data []byte) Member {
	return Member{Name: name, Size: int64(len(data)), Data: bytes.NewReader(data)}
}

// memberMode is the permission a member is recorded with: programs are executable.
func memberMode(name string) uint32 {
	if format.IsProgram(name) {
		return 0o755
	}
	return 0o644
}

// fresh returns m with the directory record llamaboot gives it.
func fresh(m *zipalign.Member) zipalign.Member {
	f := m.Fresh()
	f.Mode = memberMode(m.Name)
	return f
}

// addCore makes the first member, the EFI System Partition with the core inside or,
// for images without it, the core itself, and places the core.
func (p *Plan) addCore() error {
	core := p.in.program(format.CoreTarget)
	if !p.in.Faces.UEFI {
		p.members = append(p.members, memberOf(format.CoreName, core.Data))
		p.places = append(p.places, place{program: core, offset: offESP})
		return nil
	}
	volume, efi, efiAt, coreAt, err := newESP(core.Data, p.in.settings())
	if err != nil {
		return err
	}
	p.efi, p.efiAt = efi, offESP+efiAt
	p.members = append(p.members, memberOf(format.ESPName, volume))
	p.places = append(p.places, place{program: core, offset: offESP + coreAt})
	return nil
}

// memory is a fixed stretch of memory to write to.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(m)) || copy(m[off:], b) < len(b) {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// placeMembers places the ZIP's members, the tail and the programs.
func (p *Plan) placeMembers() error {
	p.zip = nil
	// The first local header ends where the ESP (or the core) starts.
	end := int64(offESP - zipalign.HeaderSize(p.members[0].Name))
	for _, m := range p.members {
		z, err := zipalign.Place(end, m.Name, m.Size)
		if err != nil {
			return err
		}
		z.Mode = memberMode(m.Name)
		p.zip, end = append(p.zip, z), z.End()
	}
	for i := range p.places[1:] {
		p.places[1+i].offset = p.zip[1+i].Offset // behind the ESP, in order
	}
	var err error
	p.tail, err = planTail(p.zip, end)
	return err
}

// manifest returns the manifest for members with the given checksums.
func (p *Plan) manifest(sums []checksums) ([]byte, error) {
	m := format.Manifest{Generator: generator(p.in.Version), Faces: p.in.Faces, PE: p.in.PE}
	for _, pl := range p.places {
		m.Programs = append(m.Programs, format.RecordedProgram{
			Target: pl.program.Target(), Offset: pl.offset, Size: int64(len(pl.program.Data)), SHA256: hex.EncodeToString(pl.hash[:])})
	}
	if p.in.Faces.UEFI {
		m.ESP = []format.RecordedFile{newRecordedFile(format.BootPath, p.efi), newRecordedFile(format.SettingsName, p.in.settings())}
	}
	for i, s := range sums {
		m.Members = append(m.Members, newRecordedMember(&p.members[i], s))
	}
	return m.Encode()
}

// generator names the version of llamaboot in a manifest.
func generator(version string) string { return "llamaboot " + version }

// find returns the place of a target's program, or nil.
func (p *Plan) find(target string) *place {
	for i := range p.places {
		if p.places[i].program.Target() == target {
			return &p.places[i]
		}
	}
	return nil
}

// disk returns the partitions of a file with the given identity.
func (p *Plan) disk(id [sha256.Size]byte) *disk {
	d := newDisk(id)
	d.addFixed(p.in.Faces, p.members[0].Size)
	d.setWeights(p.zip)
	return d
}
