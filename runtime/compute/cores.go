package compute

import "runtime"

// Cores is how many threads compute fastest: one for each physical core this
// process may use, because the hyper-threads of a core share its arithmetic
// units and its path to memory. It is at most GOMAXPROCS, which knows of other
// limits, like the quota of a control group.
func Cores() int {
	n := len(coreSets())
	if n == 0 { // the system does not tell: assume what this processor says holds for all
		n = (runtime.NumCPU() + threadsPerCore() - 1) / threadsPerCore()
	}
	return max(1, min(n, runtime.GOMAXPROCS(0)))
}
