package fat32

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Limits of what is read; sectors and clusters from section 3.1, the others are ours.
const (
	minSector    = 512
	maxSector    = 4096
	maxCluster   = 128 << 10
	maxDirectory = 1 << 20 // bytes of one directory that are looked at; section 6.5 allows 2 MiB
	maxPathDepth = 16
)

// A Volume is an open FAT32 volume.
type Volume struct {
	r            io.ReaderAt
	clusterBytes int64
	fat, data    int64 // offsets of the first FAT and of cluster 2
	clusters     int64 // data clusters: numbers up to clusters+1 are valid
	root         uint32
}

// Open reads the boot sector of the volume in the first size bytes of r (sections 3.1 and 3.5).
func Open(r io.ReaderAt, size int64) (*Volume, error) {
	b := make([]byte, SectorSize)
	if size < SectorSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, size)
	}
	if _, err := r.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read the boot sector: %w", err)
	}
	le := binary.LittleEndian
	if sign := le.Uint16(b[offBootSignature:]); sign != bootSignature {
		return nil, fmt.Errorf("%w: signature %#04x at offset %#x, want %#04x", ErrFormat, sign, offBootSignature, bootSignature)
	}
	var (
		sector   = int64(le.Uint16(b[offSectorSize:]))
		cluster  = int64(b[offClusterSize]) * sector
		reserved = int64(le.Uint16(b[offReserved:]))
		fats     = int64(b[offFATs])
		sectors  = int64(le.Uint32(b[offSectors:]))
		fatSize  = int64(le.Uint32(b[offFATSize:])) * sector
	)
	switch {
	case sector < minSector || sector > maxSector || sector&(sector-1) != 0:
		return nil, fmt.Errorf("%w: sectors of %d bytes at offset %#x, want a power of two from %d to %d", ErrFormat, sector, offSectorSize, minSector, maxSector)
	case cluster == 0 || cluster > maxCluster || cluster&(cluster-1) != 0:
		return nil, fmt.Errorf("%w: clusters of %d bytes, want a power of two up to %d", ErrFormat, cluster, maxCluster)
	case le.Uint16(b[offRootEntries:]) != 0 || le.Uint16(b[offFATSize16:]) != 0 || fatSize == 0:
		return nil, fmt.Errorf("%w: it is FAT12 or FAT16; format the partition as FAT32", ErrFormat)
	case reserved == 0 || fats == 0 || sectors == 0 || sectors*sector > size:
		return nil, fmt.Errorf("%w: %d sectors, %d of them reserved, %d tables, in %d bytes", ErrFormat, sectors, reserved, fats, size)
	}
	v := &Volume{r: r, clusterBytes: cluster, fat: reserved * sector, root: le.Uint32(b[offRoot:]) & clusterMask}
	v.data = v.fat + fats*fatSize
	v.clusters = min((sectors*sector-v.data)/cluster, fatSize/fatEntrySize-firstCluster, lastCluster-firstCluster+1)
	if v.clusters < 1 || !v.valid(v.root) {
		return nil, fmt.Errorf("%w: %d clusters, the root directory in %d", ErrFormat, v.clusters, v.root)
	}
	return v, nil
}

// valid reports whether a cluster number names data of this volume.
func (v *Volume) valid(c uint32) bool { return c >= firstCluster && int64(c)-firstCluster < v.clusters }

// offset is where a cluster starts.
func (v *Volume) offset(c uint32) int64 { return v.data + int64(c-firstCluster)*v.clusterBytes }

// next follows a chain: the cluster after c, or ok = false at its end.
func (v *Volume) next(c uint32) (n uint32, ok bool, err error) {
	var b [fatEntrySize]byte
	at := v.fat + int64(c)*fatEntrySize
	if _, err := v.r.ReadAt(b[:], at); err != nil {
		return 0, false, fmt.Errorf("read the allocation table at offset %#x: %w", at, err)
	}
	n = binary.LittleEndian.Uint32(b[:]) & clusterMask
	if n > badCluster {
		return 0, false, nil
	}
	if !v.valid(n) {
		return 0, false, fmt.Errorf("%w: cluster %d is followed by %d, want %d to %d", ErrDamaged, c, n, firstCluster, v.clusters+1)
	}
	return n, true, nil
}

// An Extent is a run of bytes of the volume that belongs to a file.
type Extent struct{ Offset, Size int64 }

// extents returns where size bytes of the chain from c on lie. The number of clusters size needs bounds the work, so
// that a chain that runs in a circle is no danger.
func (v *Volume) extents(c uint32, size int64) ([]Extent, error) {
	var out []Extent
	for left := size; left > 0; {
		if !v.valid(c) {
			return nil, fmt.Errorf("%w: a file of %d bytes starts in cluster %d, want %d to %d", ErrDamaged, size, c, firstCluster, v.clusters+1)
		}
		n := min(left, v.clusterBytes)
		if last := len(out) - 1; last >= 0 && out[last].Offset+out[last].Size == v.offset(c) {
			out[last].Size += n
		} else {
			out = append(out, Extent{v.offset(c), n})
		}
		if left -= n; left == 0 {
			break
		}
		next, ok, err := v.next(c)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%w: a file of %d bytes ends %d bytes early", ErrDamaged, size, left)
		}
		c = next
	}
	return out, nil
}

// Extents returns where the bytes of a file lie in the volume, in order.
func (v *Volume) Extents(path string) ([]Extent, error) {
	e, err := v.find(path)
	if err != nil {
		return nil, err
	}
	if e.size > v.clusters*v.clusterBytes {
		return nil, fmt.Errorf("%w: %s has %d bytes, more than the volume", ErrDamaged, path, e.size)
	}
	x, err := v.extents(e.cluster, e.size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return x, nil
}

// ReadFile returns the contents of a file of at most limit bytes. Path is slash-separated, its case does not matter.
func (v *Volume) ReadFile(path string, limit int64) ([]byte, error) {
	e, err := v.find(path)
	if err != nil {
		return nil, err
	}
	if e.size > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, want at most %d", ErrTooBig, path, e.size, limit)
	}
	extents, err := v.extents(e.cluster, e.size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	b := make([]byte, 0, e.size)
	for _, x := range extents {
		n := len(b)
		b = b[:n+int(x.Size)]
		if _, err := v.r.ReadAt(b[n:], x.Offset); err != nil {
			return nil, fmt.Errorf("read %s at offset %#x of the volume: %w", path, x.Offset, err)
		}
	}
	return b, nil
}
