package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/runtime/engine"
)

type logitsFlags struct {
	engineFlags
	ids, out string
}

func newLogitsCmd() *cobra.Command {
	f := &logitsFlags{}
	cmd := &cobra.Command{
		Use:     "logits --ids 1,2,3 -o FILE MODEL",
		Short:   "Write the logits after a sequence of token ids",
		Long:    "Compute a sequence of token ids and write the logits after the last one as little-endian float32.",
		Example: "  llamaboot logits model.gguf --ids 1,403,407 -o out.f32",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.ids, "ids", "", "token ids, separated by commas or spaces")
	cmd.Flags().StringVarP(&f.out, "output", "o", "", "file to write, replaced if it exists; - is standard output")
	numberVar(cmd.Flags(), &f.context, "ctx-size", "c", 0, 0, noLimit, "context in tokens (default: the model's)")
	return cmd
}

func (f *logitsFlags) run(cmd *cobra.Command, path string) error {
	ids, err := parseIDs(f.ids)
	if err != nil {
		return err
	}
	if f.out == "" {
		return cli.WithHint(cli.Usagef("logits needs a place to write to"), "give it with -o FILE")
	}
	return f.withEngine(path, func(e *engine.Engine) error {
		logits, err := e.Logits(cmd.Context(), ids)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		var b bytes.Buffer
		for _, l := range logits {
			b.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(l)))
		}
		if f.out == "-" {
			_, err = cmd.OutOrStdout().Write(b.Bytes())
			return err
		}
		if err := outfile.KeepInputs(f.out, path); err != nil {
			return err
		}
		return outfile.Write(f.out, 0o666, true, int64(b.Len()), func(out *outfile.File) error {
			_, err := out.Write(b.Bytes())
			return err
		})
	})
}

// parseIDs reads ids separated by commas or white space.
func parseIDs(s string) ([]int32, error) {
	var ids []int32
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		id, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return nil, cli.Usagef("--ids: %q is no token id", word)
		}
		ids = append(ids, int32(id))
	}
	if len(ids) == 0 {
		return nil, cli.WithHint(cli.Usagef("no token ids"), "give them with --ids 1,2,3")
	}
	return ids, nil
}
