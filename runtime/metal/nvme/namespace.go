package nvme

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// namespace is one namespace, the controller of a block.Disk. Only one reads at a time.
type namespace struct {
	*controller
	id    uint32
	block int
}

// namespaces lists the active namespaces as disks.
func (c *controller) namespaces(name string, first int) ([]*block.Disk, error) {
	id, err := c.identify("the controller", identifyController, 0)
	if err != nil {
		return nil, err
	}
	c.limit = requestLimit(id)
	ids, err := c.active()
	if err != nil {
		return nil, err
	}
	var disks []*block.Disk
	var problems []error
	for _, nsid := range ids {
		d, err := c.namespace(fmt.Sprint(name, first+len(disks)), nsid)
		if errors.Is(err, bus.ErrTimeout) {
			return nil, err
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("namespace %d: %w", nsid, err))
			continue
		}
		disks = append(disks, d)
	}
	c.users = len(disks)
	return disks, errors.Join(problems...)
}

// requestLimit is the largest request: MDTS (figure 247, byte 77), a power of two of
// pages; 0 is no limit.
func requestLimit(controller []byte) int {
	const mdts = 77
	if n := controller[mdts]; n != 0 && n < 8 {
		return pageSize << n
	}
	return maxRequest
}

// active returns the first namespaces in use. Controllers before 1.1 do not have that
// list; their namespace is number 1.
func (c *controller) active() ([]uint32, error) {
	list, err := c.identify("the namespaces", identifyActive, 0)
	if errors.Is(err, bus.ErrDevice) {
		return []uint32{1}, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []uint32
	for ; len(list) >= 4 && len(ids) < maxDisks; list = list[4:] {
		id := le.Uint32(list)
		if id == 0 || len(ids) > 0 && id <= ids[len(ids)-1] { // section 5.15.2.3: ascending
			break
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// namespace returns one namespace as a disk.
func (c *controller) namespace(name string, id uint32) (*block.Disk, error) {
	data, err := c.identify("a namespace", identifyNamespace, id)
	if err != nil {
		return nil, err
	}
	g, err := geometry(data)
	if err != nil {
		return nil, err
	}
	g.Name, g.Unit = name, int(id)
	n := &namespace{controller: c, id: id, block: g.Block}
	return block.NewDisk(g, c.machine, n, block.Limits{Slots: c.entries - 1, Bytes: min(c.limit, maxBlocks*g.Block), Align: 4})
}

// maxBlocks of a read (section 6.9, NLB).
const maxBlocks = 65536

// geometry reads a namespace structure (figure 245).
func geometry(ns []byte) (block.Geometry, error) {
	const nsze, flbas, lbaf, interleaved = 0, 26, 128, 1 << 4
	format := le.Uint32(ns[lbaf+4*(ns[flbas]&0xf):])
	metadata, shift := format&0xffff, format>>16&0xff
	if shift < 9 || shift > 16 {
		return block.Geometry{}, fmt.Errorf("%w: blocks of 2^%d bytes", bus.ErrUnsupported, shift)
	}
	if metadata != 0 && ns[flbas]&interleaved != 0 {
		return block.Geometry{}, fmt.Errorf("%w: %d bytes of metadata in each block", bus.ErrUnsupported, metadata)
	}
	return block.Geometry{Block: 1 << shift, Blocks: le.Uint64(ns[nsze:])}, nil
}

// Submit implements block.Controller with a read (section 6.9).
func (n *namespace) Submit(slot int, lba uint64, blocks int, to []bus.Segment) error {
	prp1, prp2, err := n.pages(slot, to)
	if err != nil {
		return err
	}
	const read = 0x02
	n.io.put(read, slot, func(cmd []byte) {
		le.PutUint32(cmd[4:], n.id)
		le.PutUint64(cmd[24:], prp1)
		le.PutUint64(cmd[32:], prp2)
		le.PutUint64(cmd[40:], lba)
		le.PutUint32(cmd[48:], uint32(blocks-1)) // 0-based
	})
	return nil
}

// pages describes segments as physical region pages (section 4.3): the first may start
// within a page, the others are whole pages; more than two go into the slot's list.
func (n *namespace) pages(slot int, to []bus.Segment) (prp1, prp2 uint64, err error) {
	list := n.lists.At(slot*pageSize, pageSize)
	count := 0
	for i, s := range to {
		if i > 0 && s.Addr%pageSize != 0 || i < len(to)-1 && (s.Addr+uint64(s.N))%pageSize != 0 {
			return 0, 0, fmt.Errorf("a gap inside a page at %#x, %d bytes", s.Addr, s.N)
		}
		for a, end := s.Addr, s.Addr+uint64(s.N); a < end; a = (a + pageSize) &^ (pageSize - 1) {
			switch {
			case count == 0:
				prp1 = a
			case count > pageSize/8:
				return 0, 0, fmt.Errorf("more than %d pages", pageSize/8)
			default:
				le.PutUint64(list.Bytes[8*(count-1):], a)
			}
			count++
		}
	}
	switch count {
	case 1:
		return prp1, 0, nil
	case 2:
		return prp1, le.Uint64(list.Bytes), nil
	}
	return prp1, list.Addr, nil
}

// Poll implements block.Controller.
func (n *namespace) Poll() (int, error) {
	done, ok := n.io.get()
	if !ok {
		return -1, nil
	}
	return done.slot, done.err()
}

// Recover implements block.Controller: a reset gives up all commands.
func (n *namespace) Recover() error { return n.start() }

// Close implements block.Controller.
func (n *namespace) Close() error { return n.close() }
