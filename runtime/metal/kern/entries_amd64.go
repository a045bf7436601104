package kern

// Functions and variables only assembly refers to (entry_amd64.s, firmware_amd64.s).
var (
	_ = initTables
	_ = initBoot
	_ = dispatch
	_ = unlockSched
	_ = idleLoop
	_ = trap
	_ = tick
	_ = apMain

	_ = &wallBase
	_ = &strayNMIs
	_ = &fwSP
	_ = &fwCR3
	_ = &kernelCR3
	_ = &userSP
	_ = &useXSAVE
	_ = &fwGDTR
	_ = &fwIDTR
	_ = &fwCS
	_ = &fwSS
	_ = &fwDS
)
