package kern

// Exit ends the program on the bare machine. Under an emulator with the debug exit
// device the status goes there; otherwise the machine stays as it is, with what is
// on its screen, until it is switched off.
func Exit(status int32) {
	if panicked == 0 {
		flushOutput()
		if status != 0 && lastWords.n != 0 {
			beginPanic()
			putLastWords()
		}
	}
	hardwareExit(status)
	puts("\nllamaboot: stopped; the machine can be switched off\n")
	stopCPU()
}
