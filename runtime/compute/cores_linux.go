package compute

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// topology is the folder that describes the logical processor of a number
// (Linux, Documentation/admin-guide/cputopology.rst).
const topology = "/sys/devices/system/cpu/cpu%d/topology/"

// mostProcessors bounds the numbers of logical processors: the bits of
// unix.CPUSet.
const mostProcessors = 1024

// coreSets lists the physical cores this process may use, each as the set of
// its logical processors, in the order of the first of them; nil if the system
// does not tell.
func coreSets() []unix.CPUSet {
	var allowed unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil {
		return nil
	}
	return groupCores(&allowed, func(cpu int) (string, error) {
		b, err := os.ReadFile(fmt.Sprintf(topology+"core_cpus_list", cpu))
		if err != nil { // the name before Linux 5.2
			b, err = os.ReadFile(fmt.Sprintf(topology+"thread_siblings_list", cpu))
		}
		return string(b), err
	})
}

// groupCores groups the allowed processors by what siblings says of them, the
// same text for all of a core.
func groupCores(allowed *unix.CPUSet, siblings func(cpu int) (string, error)) []unix.CPUSet {
	var sets []unix.CPUSet
	number := map[string]int{}
	for cpu := range mostProcessors {
		if !allowed.IsSet(cpu) {
			continue
		}
		text, err := siblings(cpu)
		if err != nil {
			return nil
		}
		i, known := number[text]
		if !known {
			i = len(sets)
			number[text] = i
			sets = append(sets, unix.CPUSet{})
		}
		sets[i].Set(cpu)
	}
	return sets
}

// pin keeps the calling thread, number id of threads that compute, on a core
// of its own. The caller's thread (number 0) stays free and finds the core
// left. With fewer threads than cores nothing is pinned: another pool could
// choose the same cores.
func pin(id, threads int) {
	if sets := coreSets(); threads == len(sets) {
		_ = unix.SchedSetaffinity(0, &sets[id]) // a hint: without it the scheduler places threads
	}
}
