package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// openBrowser shows an address in the web browser, where a person sits at a terminal of a desktop. A browser that cannot
// be started is no error: the address is printed too.
func openBrowser(address string) {
	for _, f := range []*os.File{os.Stdin, os.Stderr} {
		if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return
		}
	}
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", address)
	case "darwin":
		cmd = exec.Command("open", address)
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" || os.Getenv("SSH_CONNECTION") != "" {
			return
		}
		cmd = exec.Command("xdg-open", address)
	}
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }() // its status says nothing about the page
	}
}

// chatsFile is the usual place of the page's chats: the user's folder for data (XDG Base Directory Specification;
// Application Support on macOS, LocalAppData on Windows), "" when there is none.
func chatsFile() string {
	dir := ""
	switch runtime.GOOS {
	case "windows":
		dir = os.Getenv("LocalAppData")
	case "darwin":
		if home, err := os.UserHomeDir(); err == nil {
			dir = filepath.Join(home, "Library", "Application Support")
		}
	default:
		if dir = os.Getenv("XDG_DATA_HOME"); !filepath.IsAbs(dir) {
			dir = ""
			if home, err := os.UserHomeDir(); err == nil {
				dir = filepath.Join(home, ".local", "share")
			}
		}
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "llamaboot", "chats.db")
}
