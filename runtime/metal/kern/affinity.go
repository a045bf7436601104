package kern

// affinityMask serves sched_getaffinity(2) for the current thread.
func affinityMask(size, mask uintptr) uintptr {
	n := (uintptr(ncpu) + 63) / 64 * 8
	if size < n {
		return errInval
	}
	zero(mask, n)
	only := thisThread().cpu
	for i := range ncpu {
		if only < 0 || only == i {
			*bytePtr(mask + uintptr(i)/8) |= 1 << (i % 8)
		}
	}
	return n
}

// setAffinity serves sched_setaffinity(2) for the current thread: a mask of one CPU
// moves the thread there, one of more lets it run on any.
func setAffinity(tid, size, mask uintptr) uintptr {
	if tid != 0 && int32(tid) != thisThread().tid {
		return errSrch
	}
	first, count := int32(-1), 0
	for i := range ncpu {
		if at := uintptr(i) / 8; at < size && *bytePtr(mask + at)>>(i%8)&1 != 0 {
			if count == 0 {
				first = i
			}
			count++
		}
	}
	switch count {
	case 0:
		return errInval
	case 1:
		runOn(first)
	default:
		runOn(-1)
	}
	return 0
}
