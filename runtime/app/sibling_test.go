package app

import "testing"

func TestWeightsBeside(t *testing.T) {
	for program, want := range map[string]string{
		"/a/chat.llamafile":     "/a/chat.gguf",
		"/a/chat.llamafile.exe": "/a/chat.gguf",
		`C:\m\Chat.EXE`:         `C:\m\Chat.gguf`,
		"chat":                  "chat.gguf",
		".llamafile":            ".llamafile.gguf",
	} {
		if got := weightsBeside(program); got != want {
			t.Errorf("%s: got %s, want %s", program, got, want)
		}
	}
}
