package fat32

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

const (
	fileAlign    = 4096 // bytes, so that a page of a file is a page of the disk
	minReserved  = 32   // sectors before the first table, the usual value
	fats         = 2    // allocation tables
	infoSector   = 1
	backupSector = 6
)

// A File to be placed: Path is slash-separated upper-case 8.3 names. With Short, which
// is the 8.3 name then, the last part of Path may be a long name of ASCII characters.
type File struct {
	Path  string
	Size  int64
	Short string
}

// Options of a volume; the zero value is a minimal volume with 512-byte
// clusters.
type Options struct {
	Label          string // up to 11 upper-case characters
	Serial         uint32
	HiddenSectors  int64 // sectors on the disk before the volume
	ClusterSectors int   // power of two up to 64; 0 means 1
	Size           int64 // at least this many bytes; 0 means as small as FAT32 may be
}

// A Layout is a planned FAT32 volume.
type Layout struct {
	clusterSectors int
	reserved       int   // sectors before the first FAT
	fatSectors     int   // sectors of each FAT
	sectors        int64 // of the whole volume
	clusters       int64 // data clusters
	hidden         int64
	serial         uint32
	label          [nameSize]byte

	next   int64 // first unused cluster
	chains []chain
	dirs   []*folder // in order of placement, the root first
	places map[string]int64
}

// chain is a run of clusters that belongs to one file or directory.
type chain struct{ first, count int64 }

type folder struct {
	path    string
	cluster int64
	parent  *folder
	entries [][]byte
	count   int // entries it will hold, "." and ".." or the label included
}

// New plans a volume that holds files in the given order.
func New(o Options, files []File) (*Layout, error) {
	l := &Layout{clusterSectors: max(o.ClusterSectors, 1), hidden: o.HiddenSectors, serial: o.Serial, next: firstCluster, places: map[string]int64{}}
	if c := l.clusterSectors; c&(c-1) != 0 || c > 64 {
		return nil, fmt.Errorf("%d sectors per cluster: want a power of two up to 64", c)
	}
	if len(o.Label) > len(l.label) {
		return nil, fmt.Errorf("label %q: at most %d characters", o.Label, len(l.label))
	}
	if o.Label == "" {
		o.Label = "NO NAME" // section 3.3: what the field says without a label
	}
	copy(l.label[:], fmt.Sprintf("%-11s", o.Label))
	if err := l.plan(files); err != nil {
		return nil, err
	}
	return l, l.resize(o.Size)
}

// plan creates the directories and gives every file its clusters. Offsets are
// relative to the start of the data area, which resize aligns.
func (l *Layout) plan(files []File) error {
	root := &folder{count: 1} // the label
	byPath := map[string]*folder{"": root}
	l.dirs = []*folder{root}
	for _, f := range files {
		if f.Size < 0 || f.Size > MaxFile {
			return fmt.Errorf("%w: %s has %d bytes, FAT32 holds at most %d", ErrTooBig, f.Path, f.Size, int64(MaxFile))
		}
		parts := strings.Split(f.Path, "/")
		parent := root
		for i := range parts[:len(parts)-1] {
			path := strings.Join(parts[:i+1], "/")
			d := byPath[path]
			if d == nil {
				d = &folder{path: path, parent: parent, count: 2}
				byPath[path] = d
				l.dirs = append(l.dirs, d)
				parent.count++
			}
			parent = d
		}
		parent.count++
		if f.Short != "" {
			parent.count += longParts(parts[len(parts)-1])
		}
	}
	for _, d := range l.dirs {
		d.cluster = l.allocate(int64(d.count)*EntrySize, 1)
	}
	for _, d := range l.dirs {
		if err := d.open(l.label); err != nil {
			return err
		}
	}
	alignClusters := max(fileAlign/int64(SectorSize*l.clusterSectors), 1)
	for _, f := range files {
		dir, name := "", f.Path
		if i := strings.LastIndexByte(f.Path, '/'); i >= 0 {
			dir, name = f.Path[:i], f.Path[i+1:]
		}
		long, short, err := encodeNames(name, f.Short)
		if err != nil {
			return err
		}
		if _, dup := l.places[f.Path]; dup || byPath[f.Path] != nil {
			return fmt.Errorf("%w: %q appears twice", ErrName, f.Path)
		}
		cluster := l.allocate(f.Size, alignClusters)
		if f.Size == 0 {
			cluster = 0 // section 6.7: an empty file owns no cluster
		}
		l.places[f.Path] = (max(cluster, firstCluster) - firstCluster) * l.clusterBytes()
		d := byPath[dir]
		d.entries = append(append(d.entries, long...), encodeEntry(short, attrArchive, cluster, f.Size))
	}
	return nil
}

// open writes the entries a directory starts with and enters it in its parent.
func (d *folder) open(label [nameSize]byte) error {
	if d.parent == nil {
		d.entries = append(d.entries, encodeEntry(label, attrVolume, 0, 0))
		return nil
	}
	name, err := encodeName(d.path[strings.LastIndexByte(d.path, '/')+1:])
	if err != nil {
		return err
	}
	up := d.parent.cluster
	if d.parent.parent == nil {
		up = 0 // section 6.5: ".." of a directory in the root says cluster 0
	}
	dot, dotdot := [nameSize]byte([]byte(".          ")), [nameSize]byte([]byte("..         "))
	d.entries = append(d.entries, encodeEntry(dot, attrDirectory, d.cluster, 0), encodeEntry(dotdot, attrDirectory, up, 0))
	d.parent.entries = append(d.parent.entries, encodeEntry(name, attrDirectory, d.cluster, 0))
	return nil
}

func (l *Layout) clusterBytes() int64 { return int64(l.clusterSectors) * SectorSize }

// allocate takes the clusters for size bytes, the first at a multiple of align
// from the start of the data area.
func (l *Layout) allocate(size, align int64) int64 {
	n := (size + l.clusterBytes() - 1) / l.clusterBytes()
	if n == 0 {
		return 0
	}
	first := (l.next-firstCluster+align-1)/align*align + firstCluster
	l.chains = append(l.chains, chain{first, n})
	l.next = first + n
	return first
}

// resize fixes the number of clusters and everything that follows from it.
func (l *Layout) resize(size int64) error {
	const page = fileAlign / SectorSize
	l.clusters = max(MinClusters, l.next-firstCluster, size/l.clusterBytes())
	l.clusters = (l.clusters + page - 1) / page * page // whole pages, for 4096-byte sectors
	if l.clusters > MaxClusters {
		return fmt.Errorf("%w: %d clusters of %d bytes, FAT32 holds at most %d", ErrTooBig, l.clusters, l.clusterBytes(), MaxClusters)
	}
	l.fatSectors = int((l.clusters+firstCluster)*fatEntrySize+SectorSize-1) / SectorSize
	// The data area starts on a page so that cluster alignment is disk alignment.
	l.reserved = minReserved + (page-(minReserved+fats*l.fatSectors)%page)%page
	l.sectors = l.dataSector() + l.clusters*int64(l.clusterSectors)
	if l.sectors > maxSectors || l.hidden < 0 || l.hidden > maxSectors {
		return fmt.Errorf("%w: %d sectors behind %d, FAT32 counts up to %d", ErrTooBig, l.sectors, l.hidden, int64(maxSectors))
	}
	return nil
}

func (l *Layout) dataSector() int64 { return int64(l.reserved) + fats*int64(l.fatSectors) }

// Size returns the volume's bytes.
func (l *Layout) Size() int64 { return l.sectors * SectorSize }

// Offset returns where in the volume the bytes of the file at path belong.
func (l *Layout) Offset(path string) (int64, bool) {
	off, ok := l.places[path]
	return l.dataSector()*SectorSize + off, ok
}

// WriteMetadata writes everything but the files' contents to w at base, which
// must read as zeros before. The contents belong at base + Offset.
func (l *Layout) WriteMetadata(w io.WriterAt, base int64) error {
	table := l.table()
	fat := int64(l.reserved) * SectorSize
	boot, info := l.bootSector(), l.fsInfo()
	pieces := []struct {
		at   int64
		data []byte
	}{
		{0, boot},
		{infoSector * SectorSize, info},
		{backupSector * SectorSize, boot},
		{(backupSector + infoSector) * SectorSize, info},
		{fat, table},
		{fat + int64(l.fatSectors)*SectorSize, table},
	}
	for _, d := range l.dirs {
		at := l.dataSector()*SectorSize + (d.cluster-firstCluster)*l.clusterBytes()
		pieces = append(pieces, struct {
			at   int64
			data []byte
		}{at, bytes.Join(d.entries, nil)})
	}
	for _, p := range pieces {
		if _, err := w.WriteAt(p.data, base+p.at); err != nil {
			return fmt.Errorf("write at offset %#x: %w", base+p.at, err)
		}
	}
	return nil
}

// free counts the clusters no chain uses, gaps for alignment included.
func (l *Layout) free() int64 {
	n := l.clusters
	for _, c := range l.chains {
		n -= c.count
	}
	return n
}

// table encodes the used part of the FAT (section 4).
func (l *Layout) table() []byte {
	b := make([]byte, l.next*fatEntrySize)
	binary.LittleEndian.PutUint32(b[0:], endOfChain&^0xff|mediaFixed)
	binary.LittleEndian.PutUint32(b[4:], endOfChain) // clean, no disk errors
	for _, c := range l.chains {
		for i := c.first; i < c.first+c.count; i++ {
			link := uint32(i + 1)
			if i == c.first+c.count-1 {
				link = endOfChain
			}
			binary.LittleEndian.PutUint32(b[i*fatEntrySize:], link)
		}
	}
	return b
}
