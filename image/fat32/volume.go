package fat32

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
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

// A Volume is a planned FAT32 volume.
type Volume struct {
	clusterSectors int
	reserved       int   // sectors before the first FAT
	fatSectors     int   // sectors of each FAT
	sectors        int64 // of the whole volume
	clusters       int64 // data clusters
	hidden         int64
	serial         uint32
	label          [11]byte

	next   int64 // first unused cluster
	chains []chain
	dirs   []*directory // in order of placement, the root first
	places map[string]int64
}

// chain is a run of clusters that belongs to one file or directory.
type chain struct{ first, count int64 }

type directory struct {
	path    string
	cluster int64
	parent  *directory
	entries [][]byte
	count   int // entries it will hold, "." and ".." or the label included
}

// New plans a volume that holds files in the given order.
func New(o Options, files []File) (*Volume, error) {
	v := &Volume{clusterSectors: max(o.ClusterSectors, 1), hidden: o.HiddenSectors, serial: o.Serial, next: rootCluster, places: map[string]int64{}}
	if c := v.clusterSectors; c&(c-1) != 0 || c > 64 {
		return nil, fmt.Errorf("fat32: %d sectors per cluster: want a power of two up to 64", c)
	}
	if len(o.Label) > len(v.label) {
		return nil, fmt.Errorf("fat32: label %q: at most %d characters", o.Label, len(v.label))
	}
	if o.Label == "" {
		o.Label = "NO NAME" // section 3.3: what the field says without a label
	}
	copy(v.label[:], fmt.Sprintf("%-11s", o.Label))
	if err := v.plan(files); err != nil {
		return nil, err
	}
	return v, v.resize(o.Size)
}

// plan creates the directories and gives every file its clusters. Offsets are
// relative to the start of the data area, which resize aligns.
func (v *Volume) plan(files []File) error {
	root := &directory{count: 1} // the label
	byPath := map[string]*directory{"": root}
	v.dirs = []*directory{root}
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
				d = &directory{path: path, parent: parent, count: 2}
				byPath[path] = d
				v.dirs = append(v.dirs, d)
				parent.count++
			}
			parent = d
		}
		parent.count++
		if f.Short != "" {
			parent.count += longParts(parts[len(parts)-1])
		}
	}
	for _, d := range v.dirs {
		d.cluster = v.allocate(int64(d.count)*EntrySize, 1)
	}
	for _, d := range v.dirs {
		if err := d.open(v.label); err != nil {
			return err
		}
	}
	alignClusters := max(fileAlign/int64(SectorSize*v.clusterSectors), 1)
	for _, f := range files {
		dir, name := "", f.Path
		if i := strings.LastIndexByte(f.Path, '/'); i >= 0 {
			dir, name = f.Path[:i], f.Path[i+1:]
		}
		long, short, err := names(name, f.Short)
		if err != nil {
			return err
		}
		if _, dup := v.places[f.Path]; dup || byPath[f.Path] != nil {
			return fmt.Errorf("%w: %q appears twice", ErrName, f.Path)
		}
		cluster := v.allocate(f.Size, alignClusters)
		if f.Size == 0 {
			cluster = 0 // section 6.7: an empty file owns no cluster
		}
		v.places[f.Path] = (max(cluster, rootCluster) - rootCluster) * v.clusterBytes()
		d := byPath[dir]
		d.entries = append(append(d.entries, long...), entry(short, attrArchive, cluster, f.Size))
	}
	return nil
}

// open writes the entries a directory starts with and enters it in its parent.
func (d *directory) open(label [11]byte) error {
	if d.parent == nil {
		d.entries = append(d.entries, entry(label, attrVolume, 0, 0))
		return nil
	}
	name, err := shortName(d.path[strings.LastIndexByte(d.path, '/')+1:])
	if err != nil {
		return err
	}
	up := d.parent.cluster
	if d.parent.parent == nil {
		up = 0 // section 6.5: ".." of a directory in the root says cluster 0
	}
	dot, dotdot := [11]byte([]byte(".          ")), [11]byte([]byte("..         "))
	d.entries = append(d.entries, entry(dot, attrDirectory, d.cluster, 0), entry(dotdot, attrDirectory, up, 0))
	d.parent.entries = append(d.parent.entries, entry(name, attrDirectory, d.cluster, 0))
	return nil
}

func (v *Volume) clusterBytes() int64 { return int64(v.clusterSectors) * SectorSize }

// allocate takes the clusters for size bytes, the first at a multiple of align
// from the start of the data area.
func (v *Volume) allocate(size, align int64) int64 {
	n := (size + v.clusterBytes() - 1) / v.clusterBytes()
	if n == 0 {
		return 0
	}
	first := (v.next-rootCluster+align-1)/align*align + rootCluster
	v.chains = append(v.chains, chain{first, n})
	v.next = first + n
	return first
}

// resize fixes the number of clusters and everything that follows from it.
func (v *Volume) resize(size int64) error {
	const page = fileAlign / SectorSize
	v.clusters = max(MinClusters, v.next-rootCluster, size/v.clusterBytes())
	v.clusters = (v.clusters + page - 1) / page * page // whole pages, for 4096-byte sectors
	if v.clusters > MaxClusters {
		return fmt.Errorf("%w: %d clusters of %d bytes, FAT32 holds at most %d", ErrTooBig, v.clusters, v.clusterBytes(), MaxClusters)
	}
	v.fatSectors = int((v.clusters+rootCluster)*fatEntrySize+SectorSize-1) / SectorSize
	// The data area starts on a page so that cluster alignment is disk alignment.
	v.reserved = minReserved + (page-(minReserved+2*v.fatSectors)%page)%page
	v.sectors = v.dataSector() + v.clusters*int64(v.clusterSectors)
	if v.sectors > maxSectors || v.hidden < 0 || v.hidden > maxSectors {
		return fmt.Errorf("%w: %d sectors behind %d, FAT32 counts up to %d", ErrTooBig, v.sectors, v.hidden, int64(maxSectors))
	}
	return nil
}

func (v *Volume) dataSector() int64 { return int64(v.reserved) + 2*int64(v.fatSectors) }

// Size returns the volume's bytes.
func (v *Volume) Size() int64 { return v.sectors * SectorSize }

// Offset returns where in the volume the bytes of the file at path belong.
func (v *Volume) Offset(path string) (int64, bool) {
	off, ok := v.places[path]
	return v.dataSector()*SectorSize + off, ok
}

// WriteMetadata writes everything but the files' contents to w at base, which
// must read as zeros before. The contents belong at base + Offset.
func (v *Volume) WriteMetadata(w io.WriterAt, base int64) error {
	table := v.table()
	fat := int64(v.reserved) * SectorSize
	boot, info := v.bootSector(), v.fsInfo()
	pieces := []struct {
		at   int64
		data []byte
	}{
		{0, boot},
		{infoSector * SectorSize, info},
		{backupSector * SectorSize, boot},
		{(backupSector + infoSector) * SectorSize, info},
		{fat, table},
		{fat + int64(v.fatSectors)*SectorSize, table},
	}
	for _, d := range v.dirs {
		at := v.dataSector()*SectorSize + (d.cluster-rootCluster)*v.clusterBytes()
		pieces = append(pieces, struct {
			at   int64
			data []byte
		}{at, bytes.Join(d.entries, nil)})
	}
	for _, p := range pieces {
		if _, err := w.WriteAt(p.data, base+p.at); err != nil {
			return fmt.Errorf("fat32: write at offset %#x: %w", base+p.at, err)
		}
	}
	return nil
}

// free counts the clusters no chain uses, gaps for alignment included.
func (v *Volume) free() int64 {
	n := v.clusters
	for _, c := range v.chains {
		n -= c.count
	}
	return n
}

// table encodes the used part of the FAT (section 4).
func (v *Volume) table() []byte {
	b := make([]byte, v.next*fatEntrySize)
	binary.LittleEndian.PutUint32(b[0:], 0x0fffff00|mediaFixed)
	binary.LittleEndian.PutUint32(b[4:], endOfChain) // clean, no disk errors
	for _, c := range v.chains {
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
