package kern

// coreOf returns the first of the CPUs before k with the same core as CPU k, or k.
// shift is the number of bits of hwid that number the hyper-threads of a core.
func coreOf(cpus []cpu, k int32, shift uint32) int32 {
	for i := range k {
		if cpus[i].hwid>>shift == cpus[k].hwid>>shift {
			return i
		}
	}
	return k
}

// PhysicalCores counts the cores behind the running CPUs: hyper-threads share the
// units that multiply, so that one worker for each core is best.
func PhysicalCores() (n int) {
	for i := range ncpu {
		if cpus[i].core == i {
			n++
		}
	}
	return n
}
