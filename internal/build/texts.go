package build

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/runtime/app"
)

// addTexts puts the default arguments and the settings in the files of these names into in; an empty name leaves what is
// there.
func addTexts(in *ape.Input, args, settings string) error {
	if args != "" {
		m, err := argsMember(args)
		if err != nil {
			return err
		}
		in.Members = append(in.Members, m)
	}
	if settings != "" {
		b, err := readSettings(settings)
		if err != nil {
			return err
		}
		in.Settings = b
	}
	return nil
}

// argsMember is the member with the default arguments in the file at path.
func argsMember(path string) (ape.Member, error) {
	b, err := readShort(path, format.MaxText)
	if err != nil {
		return ape.Member{}, err
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return ape.Member{}, cli.WithHint(fmt.Errorf("%s: byte 0 at offset %d: not a text file", path, i), "--args wants one argument a line")
	}
	return ape.Member{Name: format.ArgsName, Size: int64(len(b)), Data: bytes.NewReader(b)}, nil
}

// readSettings reads the file at path, which is to become llamaboot.cfg.
func readSettings(path string) ([]byte, error) {
	b, err := readShort(path, format.MaxSettings)
	if err != nil {
		return nil, err
	}
	_, problems := app.ParseSettings(b)
	if len(problems) > 0 {
		return nil, cli.WithHint(fmt.Errorf("%s: %s", path, strings.TrimSuffix(problems[0], app.LineLeftOut)), "llamaboot inspect FILE shows the settings of a llamafile; a comment starts with #")
	}
	return b, nil
}

// readShort reads a file of at most limit bytes.
func readShort(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return b, nil
}
