package ape

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/disk"
	"github.com/llamaboot/llamaboot/image/gpt"
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
	tail    *Tail
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
			p.members = append(p.members, MemberOf(format.ProgramName(prog.Target()), prog.Data))
			p.places = append(p.places, place{program: prog})
		}
	}
	if in.Licence != "" {
		p.members = append(p.members, MemberOf(format.LicenceName, []byte(in.Licence)))
	}
	p.members = append(p.members, in.Members...)
	for i := range p.places {
		p.places[i].hash = sha256.Sum256(p.places[i].program.Data)
	}
	// Placed once without the manifest: its length depends on the programs' offsets.
	if err := p.placeMembers(); err != nil {
		return nil, err
	}
	manifest, err := p.manifest(make([]Checksums, len(p.members)))
	if err != nil {
		return nil, err
	}
	p.members = append(p.members, MemberOf(format.ManifestName, manifest))
	return p, p.placeMembers()
}

// Size returns the number of bytes the file will have.
func (p *Plan) Size() int64 { return p.tail.Total }

// MemberOf returns a member of the given contents.
func MemberOf(name string, data []byte) Member {
	return Member{Name: name, Size: int64(len(data)), Data: bytes.NewReader(data)}
}

// addCore makes the first member, the EFI System Partition with the core inside or,
// for images without it, the core itself, and places the core.
func (p *Plan) addCore() error {
	core := p.in.program(format.CoreTarget)
	if !p.in.Faces.UEFI {
		p.members = append(p.members, MemberOf(format.CoreName, core.Data))
		p.places = append(p.places, place{program: core, offset: format.OffESP})
		return nil
	}
	esp, err := newESP(core.Data, p.in.settings())
	if err != nil {
		return err
	}
	p.efi, p.efiAt = esp.efi, format.OffESP+esp.efiAt
	p.members = append(p.members, MemberOf(format.ESPName, esp.bytes))
	p.places = append(p.places, place{program: core, offset: format.OffESP + esp.coreAt})
	return nil
}

// Head returns the bytes up to the first member's header, but for the partition tables,
// of a file whose disk has the given GUID.
func (p *Plan) Head(guid gpt.GUID) ([]byte, error) {
	head, err := p.head(guid)
	if err != nil {
		return nil, err
	}
	return append(head, make([]byte, p.zip[0].Header-format.HeadSize)...), nil
}

// ESP returns the bytes of the EFI System Partition, nil if the file has none.
func (p *Plan) ESP() ([]byte, error) {
	m := &p.members[0]
	if m.Name != format.ESPName {
		return nil, nil
	}
	b := make([]byte, m.Size)
	_, err := io.ReadFull(io.NewSectionReader(m.Data, 0, m.Size), b)
	return b, err
}

// placeMembers places the ZIP's members, the tail and the programs.
func (p *Plan) placeMembers() error {
	p.zip = nil
	// The first local header ends where the ESP (or the core) starts.
	end := int64(format.OffESP - zipalign.HeaderSize(p.members[0].Name))
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
	p.tail, err = PlanTail(p.zip, end)
	return err
}

// manifest returns the manifest for members with the given checksums.
func (p *Plan) manifest(sums []Checksums) ([]byte, error) {
	m := format.Manifest{Generator: Generator(p.in.Version), Faces: p.in.Faces, PE: p.in.PE}
	for _, pl := range p.places {
		m.Programs = append(m.Programs, format.RecordedProgram{
			Target: pl.program.Target(), Offset: pl.offset, Size: int64(len(pl.program.Data)), SHA256: hex.EncodeToString(pl.hash[:])})
	}
	if p.in.Faces.UEFI {
		m.ESP = []format.RecordedFile{NewRecordedFile(format.BootPath, p.efi), NewRecordedFile(format.SettingsName, p.in.settings())}
	}
	for i, s := range sums {
		m.Members = append(m.Members, NewRecord(&p.members[i], s))
	}
	return m.Encode()
}

// find returns the place of a target's program, or nil.
func (p *Plan) find(target string) *place {
	for i := range p.places {
		if p.places[i].program.Target() == target {
			return &p.places[i]
		}
	}
	return nil
}

// disk returns the partitions of a file with the given manifest.
func (p *Plan) disk(manifest []byte) *disk.Disk {
	d := NewDisk(manifest)
	AddFixed(d, p.in.Faces, p.members[0].Size)
	SetWeights(d, p.zip)
	return d
}
